import type { Points } from './points.ts'

/** What a rank is worth; 0 is not in the list. */
export const measures = {
  recall: (rank: number) => (rank > 0 ? 1 : 0),
  mrr: (rank: number) => (rank > 0 ? 1 / rank : 0),
  ndcg: (rank: number) => (rank > 0 ? 1 / Math.log2(rank + 1) : 0)
}

export interface Mean {
  n: number
  mean: number
  /** Standard error of the mean, sessions being the clusters. */
  se: number
}

/** Mean of `values`, and its standard error from the sums of deviations per session. */
export function clusteredMean(values: ArrayLike<number>, sessions: ArrayLike<number>): Mean {
  const n = values.length
  if (n === 0) return { n, mean: 0, se: 0 }
  let sum = 0
  for (let i = 0; i < n; i++) sum += values[i]
  const mean = sum / n
  const bySession = new Map<number, number>()
  for (let i = 0; i < n; i++) bySession.set(sessions[i], (bySession.get(sessions[i]) ?? 0) + values[i] - mean)
  let squares = 0
  for (const deviation of bySession.values()) squares += deviation * deviation
  return { n, mean, se: Math.sqrt(squares) / n }
}

export type Target = 'all' | 'novel'

/** Ranks and sessions of all targets, or of those new to their session. */
export function ranksOf(points: Points, target: Target): { ranks: Int32Array; sessions: Int32Array } {
  const sessions = points.sessions.subarray(0, points.count)
  if (target === 'all') return { ranks: points.ranks.subarray(0, points.count), sessions }
  const ranks = points.novelRanks.subarray(0, points.count)
  return { ranks: ranks.filter(rank => rank >= 0), sessions: sessions.filter((_, i) => ranks[i] >= 0) }
}
