import { stop } from '../../engine/errors.ts'
import { learnedOneIn } from '../../recommend/blend/session-learner.ts'
import { eventsMaxOf, oneIn, oneOf, trainFileOf, wholeNumber } from './arguments.ts'
import { evaluateOrders } from './basket-command.ts'
import { compare, comparisonTable } from './comparison.ts'
import { EventColumns } from './event-columns.ts'
import { streamOf } from './event-order.ts'
import { methodOf } from './methods.ts'
import type { evaluateOptions } from './options.ts'
import type { Points } from './points.ts'
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
  const protocol = oneOf('--protocol', args.protocol ?? 'prequential', ['static', 'prequential', 'baskets'] as const)
  if (protocol === 'baskets') return evaluateOrders(args, output)
  const settings = settingsOf(args, protocol)
  const columns = new EventColumns(settings.eventsMax)
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

function settingsOf(args: EvaluateArguments, protocol: 'static' | 'prequential') {
  if (args.from !== undefined) throw stop('usage', '--from is for --protocol baskets: leave it out.')
  const names = String(args.compare ?? args.method ?? 'ours').split(/[,\s]+/)
  if (args.compare !== undefined && names.length !== 2)
    throw stop('usage', '--compare takes two methods: --compare A B.')
  const learnOneIn = args['learn-share'] === undefined ? learnedOneIn : oneIn('--learn-share', args['learn-share'])
  return {
    train: trainFileOf(args),
    test: args.test as string | undefined,
    protocol,
    isStatic: protocol === 'static',
    eventsMax: eventsMaxOf(args),
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
