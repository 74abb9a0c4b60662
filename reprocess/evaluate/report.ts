import type { LatencySummary } from './latencies.ts'
import { clusteredMean, measures, ranksOf, type Target } from './measures.ts'
import type { Replayed } from './replay.ts'
import { textTable } from './text-table.ts'

/** Percent, with two digits. `recall@20` and so on, by the length of the lists. */
type Figures = { n: number; se: Record<string, number> } & Record<string, unknown>

export type Report = {
  method: string
  protocol: string
  all: Figures
  novel: Figures
  us: LatencySummary & { event: LatencySummary; learn?: LatencySummary }
  bytes_per_click: number | null
} & Record<string, unknown>

export interface ReportSettings {
  method: string
  protocol: string
  profile: string
  k: number
  minPrefix: number
  learnOneIn: number
  learnTestOneIn: number
}

export function reportOf(replayed: Replayed, settings: ReportSettings, bytesPerClick: number | undefined): Report {
  const { method, protocol, k } = settings
  const isOurs = method.startsWith('ours')
  const { answers, events, learning } = replayed
  return {
    method,
    protocol,
    ...(isOurs && { profile: method === 'ours' ? settings.profile : method.slice('ours-'.length) }),
    ...(isOurs && { learn_share: shareOf(settings.learnOneIn), learn_share_test: shareOf(settings.learnTestOneIn) }),
    k,
    min_prefix: settings.minPrefix,
    all: figuresOf(replayed, 'all', k),
    novel: figuresOf(replayed, 'novel', k),
    [`coverage@${k}`]: rounded((100 * replayed.coveredItems) / Math.max(1, replayed.distinctItems)),
    [`arp@${k}`]: rounded(replayed.popularity),
    short_lists: replayed.shortLists,
    us: { ...answers.summary(), event: events.summary(), ...(learning.count > 0 && { learn: learning.summary() }) },
    bytes_per_click: bytesPerClick === undefined ? null : rounded(bytesPerClick)
  }
}

export function tableOf(reports: readonly Report[], k: number): string {
  const heads = [
    'method',
    'protocol',
    'target',
    'n',
    `R@${k}`,
    `MRR@${k}`,
    `nDCG@${k}`,
    'coverage',
    'ARP',
    'µs p50',
    'p90',
    'p99',
    'B/click'
  ]
  const rows = reports.flatMap(report => [
    [
      ...named(report),
      'all',
      ...cells(report.all, k),
      `${report[`coverage@${k}`]}`,
      `${report[`arp@${k}`]}`,
      ...costs(report)
    ],
    ['', '', 'novel', ...cells(report.novel, k), '', '', '', '', '', '']
  ])
  return textTable([heads, ...rows], 3)
}

function named({ method, protocol, profile, learn_share, learn_share_test }: Report): string[] {
  if (profile === undefined) return [method, protocol]
  const share = learn_share === learn_share_test ? `${learn_share}` : `${learn_share}, test ${learn_share_test}`
  return [`ours (${profile}, learns ${share})`, protocol]
}

function cells(figures: Figures, k: number): string[] {
  const measured = Object.keys(measures).map(measure => {
    const key = `${measure}@${k}`
    return `${(figures[key] as number).toFixed(2)} ± ${figures.se[key].toFixed(2)}`
  })
  return [String(figures.n), ...measured]
}

function costs({ us, bytes_per_click }: Report): string[] {
  return [
    us.p50.toFixed(0),
    us.p90.toFixed(0),
    us.p99.toFixed(0),
    bytes_per_click === null ? '-' : bytes_per_click.toFixed(1)
  ]
}

function figuresOf({ points }: Replayed, target: Target, k: number): Figures {
  const { ranks, sessions } = ranksOf(points, target)
  const means: Record<string, number> = {}
  const se: Record<string, number> = {}
  for (const [measure, worth] of Object.entries(measures)) {
    const { mean, se: error } = clusteredMean(Array.from(ranks, worth), sessions)
    means[`${measure}@${k}`] = rounded(100 * mean)
    se[`${measure}@${k}`] = rounded(100 * error)
  }
  return { n: ranks.length, ...means, se }
}

export function shareOf(oneIn: number): string {
  return oneIn === 1 ? 'all' : `1/${oneIn}`
}

/** Two digits. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
