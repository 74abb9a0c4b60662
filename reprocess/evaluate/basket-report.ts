import type { BasketPoint, EvaluatedBaskets } from './basket-evaluation.ts'
import type { LatencySummary } from './latencies.ts'
import { clusteredMean } from './measures.ts'
import { rounded, shareOf } from './report.ts'
import { textTable } from './text-table.ts'

/** Percent, with two digits; standard errors are clustered by customer. */
type BasketFigures = { n: number; se: Record<string, number> } & Record<string, unknown>

export type BasketReport = {
  method: string
  protocol: 'baskets'
  learn_share: string
  all: BasketFigures
  novel: BasketFigures
  us: LatencySummary
} & Record<string, unknown>

export interface BasketReportSettings {
  method: string
  k: number
  learnOneIn: number
  /** Of the session index, where that is asked. */
  profile?: string
}

const measured = ['recall', 'hit', 'ndcg'] as const

export function basketReportOf(
  { points, answers }: EvaluatedBaskets,
  { method, k, learnOneIn, profile }: BasketReportSettings
): BasketReport {
  const figures = (measures: readonly (typeof measured)[number][], of: readonly BasketPoint[]) => {
    const customers = of.map(({ customer }) => customer)
    const named: Record<string, number> = {}
    const se: Record<string, number> = {}
    for (const measure of measures) {
      const found = clusteredMean(
        of.map(point => 100 * point[measure]),
        customers
      )
      named[`${measure}@${k}`] = rounded(found.mean)
      se[`${measure}@${k}`] = rounded(found.se)
    }
    return { n: of.length, ...named, se }
  }
  const fresh = points.flatMap(({ novel, ...point }) => (novel === undefined ? [] : [{ ...point, recall: novel }]))
  return {
    method,
    protocol: 'baskets',
    ...(profile !== undefined && { profile }),
    learn_share: shareOf(learnOneIn),
    k,
    all: figures(measured, points),
    novel: figures(['recall'], fresh),
    us: answers.summary()
  }
}

export function basketTable(reports: readonly BasketReport[], k: number): string {
  const heads = [
    'method',
    'n',
    `recall@${k}`,
    `hit@${k}`,
    `nDCG@${k}`,
    'novel n',
    `recall@${k}`,
    'µs p50',
    'p90',
    'p99'
  ]
  const rows = reports.map(({ method, profile, learn_share, all, novel, us }) => [
    `${method} (${profile === undefined ? '' : `${profile}, `}learns ${learn_share})`,
    `${all.n}`,
    ...measured.map(measure => cell(all, `${measure}@${k}`)),
    `${novel.n}`,
    cell(novel, `recall@${k}`),
    ...[us.p50, us.p90, us.p99].map(one => one.toFixed(0))
  ])
  return textTable([heads, ...rows], 1)
}

function cell(figures: BasketFigures, name: string): string {
  return `${(figures[name] as number).toFixed(2)} ± ${figures.se[name].toFixed(2)}`
}
