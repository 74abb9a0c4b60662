import { stop } from '../../engine/errors.ts'
import { learnedBasketsOneIn } from '../../recommend/basket/basket-learner.ts'
import { profiles } from '../../recommend/session-index/parameters.ts'
import { eventsMaxOf, oneIn, oneOf, refuseOthers, trainFileOf, wholeNumber } from './arguments.ts'
import { evaluateBaskets } from './basket-evaluation.ts'
import type { BasketMethod } from './basket-method.ts'
import { type BasketReport, basketReportOf, basketTable } from './basket-report.ts'
import type { EvaluateArguments, EvaluateOutput } from './command.ts'
import { HomeAfterOrders } from './home-after-orders.ts'
import { NextOrder } from './next-order.ts'
import { type Basket, readBaskets, secondsOfTime } from './read-baskets.ts'

const names = ['basket', 'home'] as const
const understood = ['protocol', 'train', 'from', 'k', 'method', 'learn-share', 'profile', 'max-events', 'json'] as const

/** `millrace evaluate --protocol baskets`: what customers order next, on a file of orders. */
export async function evaluateOrders(args: EvaluateArguments, output: EvaluateOutput): Promise<void> {
  const settings = settingsOf(args)
  const baskets = await readBaskets(settings.train, settings.eventsMax)
  const reports: BasketReport[] = []
  for (const method of settings.methods) {
    const progress = (done: number, total: number) => output.progress(method, done, total)
    const evaluated = await evaluateBaskets(methodOf(method, baskets, settings), baskets, settings, progress)
    const profile = method === 'home' ? settings.profile : undefined
    reports.push(basketReportOf(evaluated, { ...settings, method, profile }))
  }
  if (args.json) output.print(JSON.stringify(reports.length === 1 ? reports[0] : reports))
  else output.print(basketTable(reports, settings.k))
}

function settingsOf(args: EvaluateArguments) {
  refuseOthers(args, understood, '--protocol baskets')
  const methods = String(args.method ?? 'basket')
    .split(/[,\s]+/)
    .map(name => oneOf('--method, with --protocol baskets,', name, names))
  if (args.profile !== undefined && !methods.includes('home'))
    throw stop('usage', '--profile is of the session index, which only --method home asks; leave it out.')
  const fromS = args.from === undefined ? Number.NEGATIVE_INFINITY : secondsOfTime(String(args.from))
  if (Number.isNaN(fromS)) throw stop('usage', `--from is a time such as 2011-11-01, it is "${args.from}".`)
  return {
    train: trainFileOf(args),
    methods,
    fromS,
    eventsMax: eventsMaxOf(args),
    k: wholeNumber('--k', args.k ?? '20'),
    profile: oneOf('--profile', args.profile ?? 'fast', ['fast', 'full'] as const),
    learnOneIn: args['learn-share'] === undefined ? learnedBasketsOneIn : oneIn('--learn-share', args['learn-share'])
  }
}

function methodOf(
  name: (typeof names)[number],
  baskets: readonly Basket[],
  { learnOneIn, profile }: { learnOneIn: number; profile: keyof typeof profiles }
): BasketMethod {
  if (name === 'basket') return new NextOrder(learnOneIn)
  return new HomeAfterOrders(baskets, { parameters: profiles[profile], oneIn: learnOneIn })
}
