import { stop } from '../../engine/errors.ts'
import { learnedOneIn } from '../../recommend/blend/session-learner.ts'
import { evaluateBaskets } from './basket-evaluation.ts'
import { compare, comparisonTable } from './comparison.ts'
import { EventColumns } from './event-columns.ts'
import { streamOf } from './event-order.ts'
import { methodOf } from './methods.ts'
import type { evaluateOptions } from './options.ts'
import type { Points } from './points.ts'
import { readBaskets } from './read-baskets.ts'
import { readEvents } from './read-events.ts'
import { Replay } from './replay.ts'
import { type Report, reportOf, tableOf } from './report.ts'

/** As the command line gives them; a list, where a word takes several, may be an array or have commas. */
export type EvaluateArguments = { [name in keyof typeof evaluateOptions]?: string | boolean | string[] }

/** Where an evaluation says things: data to `print`, how far it is to `progress`. */
export interface EvaluateOutput {
  print(text: string): void
  progress(label: string, done: number, total: number): void
}

/** `millrace evaluate`: quality of the real index, learner and blend, or of a baseline, on session files. */
export async function evaluate(args: EvaluateArguments, output: EvaluateOutput): Promise<void> {
  const settings = settingsOf(args)
  if (settings.protocol === 'baskets') {
    const baskets = await readBaskets(settings.train)
    const report = evaluateBaskets(baskets, settings, (done, total) => output.progress('baskets', done, total))
    output.print(JSON.stringify(report, null, args.json ? 0 : 2))
    return
  }
  const columns = new EventColumns()
  await readEvents(settings.train, columns)
  const trainCount = columns.count
  if (settings.test !== undefined) await readEvents(settings.test, columns)
  const stream = streamOf(columns, trainCount, settings.isStatic)
  const reports: Report[] = []
  const points: Points[] = []
  for (const name of settings.methods) {
    const method = methodOf(name, columns.ids, settings)
    const replay = new Replay(columns, stream, method, settings)
    const replayed = await replay.run((done, total) => output.progress(name, done, total))
    reports.push(reportOf(replayed, { ...settings, method: name }, method.bytesPerClick?.()))
    points.push(replayed.points)
  }
  const differences = settings.compared ? compare(points[0], points[1], settings.k) : undefined
  if (args.json) {
    output.print(
      JSON.stringify(
        differences ? { methods: reports, compare: differences } : reports.length === 1 ? reports[0] : reports
      )
    )
    return
  }
  output.print(tableOf(reports, settings.k))
  if (differences) output.print(`\n${comparisonTable(settings.compared!, differences)}`)
}

function settingsOf(args: EvaluateArguments) {
  const protocol = oneOf('--protocol', args.protocol ?? 'prequential', ['static', 'prequential', 'baskets'] as const)
  if (typeof args.train !== 'string') throw stop('usage', 'Name the sessions to learn from: --train FILE.')
  const names = String(args.compare ?? args.method ?? 'ours').split(/[,\s]+/)
  if (args.compare !== undefined && names.length !== 2)
    throw stop('usage', '--compare takes two methods: --compare A B.')
  const learnOneIn = args['learn-share'] === undefined ? learnedOneIn : oneIn('--learn-share', args['learn-share'])
  return {
    train: args.train,
    test: args.test as string | undefined,
    protocol,
    from: String(args.from ?? ''),
    isStatic: protocol === 'static',
    k: wholeNumber('--k', args.k ?? '20'),
    minPrefix: wholeNumber('--min-prefix', args['min-prefix'] ?? '1'),
    profile: oneOf('--profile', args.profile ?? 'fast', ['fast', 'full'] as const),
    methods: names,
    compared: args.compare === undefined ? undefined : (names as [string, string]),
    learnOneIn,
    learnTestOneIn:
      args['learn-share-test'] === undefined ? learnOneIn : oneIn('--learn-share-test', args['learn-share-test'])
  }
}

function oneOf<T extends string>(name: string, value: string | boolean | string[], allowed: readonly T[]): T {
  const found = allowed.find(one => one === value)
  if (found === undefined) throw stop('usage', `${name} is one of ${allowed.join(', ')}; it is "${value}".`)
  return found
}

function wholeNumber(name: string, value: string | boolean | string[]): number {
  const number = Number(value)
  if (!Number.isInteger(number) || number < 1)
    throw stop('usage', `${name} must be a whole number from 1 on, it is "${value}".`)
  return number
}

/** A share as `1/3`, `0.25` or `1`: one event in so many. */
function oneIn(name: string, value: string | boolean | string[]): number {
  const [above, below] = String(value).split('/')
  const share = Number(above) / Number(below ?? 1)
  if (!(share > 0 && share <= 1)) throw stop('usage', `${name} must be a share such as 1/3 or 1, it is "${value}".`)
  return Math.round(1 / share)
}
