import { clusteredMean, measures, ranksOf, type Target } from './measures.ts'
import type { Points } from './points.ts'

/** Two-sided 95 % of the normal distribution. */
const z = 1.96

export interface Difference {
  target: Target
  measure: string
  /** Percent: B minus A, its standard error clustered by session, and its 95 % interval. */
  difference: number
  se: number
  interval: [number, number]
}

/** The same predictions by two methods, point by point. */
export function compare(a: Points, b: Points, k: number): Difference[] {
  return (['all', 'novel'] as const).flatMap(target => {
    const [first, second] = [ranksOf(a, target), ranksOf(b, target)]
    return Object.entries(measures).map(([measure, worth]) => {
      const differences = Array.from(first.ranks, (rank, i) => 100 * (worth(second.ranks[i]) - worth(rank)))
      const { mean, se } = clusteredMean(differences, first.sessions)
      const interval: [number, number] = [rounded(mean - z * se), rounded(mean + z * se)]
      return { target, measure: `${measure}@${k}`, difference: rounded(mean), se: rounded(se), interval }
    })
  })
}

export function comparisonTable(names: readonly [string, string], differences: readonly Difference[]): string {
  const lines = differences.map(({ target, measure, difference, se, interval: [low, high] }) =>
    [
      target.padEnd(5),
      measure.padEnd(10),
      signed(difference).padStart(7),
      `± ${se.toFixed(2)}`,
      `[${signed(low)}, ${signed(high)}]`
    ].join('  ')
  )
  return [`${names[1]} minus ${names[0]}, paired by session, 95 % interval`, ...lines].join('\n')
}

function signed(value: number): string {
  return `${value >= 0 ? '+' : ''}${value.toFixed(2)}`
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
