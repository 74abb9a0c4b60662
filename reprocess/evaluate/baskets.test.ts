import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { BasketIndex } from '../../recommend/basket/basket-index.ts'
import { BasketLearner } from '../../recommend/basket/basket-learner.ts'
import { NextBasket } from '../../recommend/basket/next-basket.ts'
import { NextItems } from '../../recommend/blend/next-items.ts'
import { profiles } from '../../recommend/session-index/parameters.ts'
import { SessionIndex } from '../../recommend/session-index/session-index.ts'
import { evaluateBaskets } from './basket-evaluation.ts'
import type { BasketMethod } from './basket-method.ts'
import { type EvaluateArguments, evaluate } from './command.ts'
import { HomeAfterOrders } from './home-after-orders.ts'
import { NextOrder } from './next-order.ts'
import { type Basket, readBaskets } from './read-baskets.ts'

const day = 86_400
const folder = mkdtempSync(join(tmpdir(), 'millrace-baskets-'))
const shared = process.env.MILLRACE_EVALUATION_DATA ?? new URL('../../../shared/data', import.meta.url).pathname
const head = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'

function file(name: string, lines: readonly string[]): string {
  const path = join(folder, name)
  writeFileSync(path, [head, ...lines].join('\n'))
  return path
}

async function printed(args: EvaluateArguments): Promise<string> {
  const lines: string[] = []
  await evaluate({ protocol: 'baskets', ...args }, { print: text => lines.push(text), progress: () => undefined })
  return lines.join('\n')
}

const basket = (id: string, customer: string | null, items: string[], timeS: number): Basket => ({
  id,
  customer,
  items: new Set(items),
  timeS
})

/** Customers who order by turns one of two lists of their own, and one thing more. */
const habits = Array.from({ length: 240 }, (_, i) => {
  const [customer, turn] = [i % 8, Math.floor(i / 8) % 2]
  const items = [3 * customer + turn, 3 * customer + turn + 3, 30 + ((i * 7) % 11)]
  return basket(`o${i}`, i % 29 === 0 ? null : `c${customer}`, [...new Set(items)].map(String), 1e9 + i * 7200)
})

const lines = habits.flatMap(({ id, customer, items, timeS }) =>
  [...items].map(item => {
    const time = new Date(timeS * 1000).toISOString().replace('T', ' ').slice(0, 19)
    return `${id},${10_000 + Number(item)},"A thing, or two",1,${time},2.5,${customer ?? ''},Norway`
  })
)

test('invoices are read oldest first, without cancellations, gifts, returns and what is no product', async t => {
  const path = file('few.csv', [
    '2,10001,"TEA, GREEN",1,2010-12-01 09:00:00,1,7.0,UK',
    '1,10002a,CUP,2,2010-12-01 08:00,1,,UK',
    '1,10002A,CUP,2,2010-12-01 08:00,1,,UK',
    'C3,10001,TEA,-1,2010-12-01 10:00:00,1,7.0,UK',
    '4,10001,TEA,1,2010-12-01 10:00:00,0,7.0,UK',
    '5,10001,TEA,-1,2010-12-01 10:00:00,1,7.0,UK',
    '6,POST,POSTAGE,1,2010-12-01 10:00:00,1,7.0,UK'
  ])
  t.deepEqual(await readBaskets(path), [
    basket('1', null, ['10002A'], Date.UTC(2010, 11, 1, 8) / 1000),
    basket('2', '7.0', ['10001'], Date.UTC(2010, 11, 1, 9) / 1000)
  ])
})

test('a time that would be read in two ways, and a file without the columns, are refused in a sentence', async t => {
  const american = file('american.csv', ['1,10001,TEA,1,12/1/2010 8:26,1,7.0,UK'])
  t.like(await t.throwsAsync(readBaskets(american)), { code: 'evaluate_format' })
  writeFileSync(join(folder, 'other.csv'), 'a,b\n1,2\n')
  t.like(await t.throwsAsync(readBaskets(join(folder, 'other.csv'))), { code: 'evaluate_format' })
})

/** Says the alphabet. */
const alphabet: BasketMethod = {
  answer: (_, wanted) => [...'abcdefgh'].slice(0, wanted),
  observe: () => undefined
}

test('a file with more lines than are asked for is refused', async t => {
  const train = file('many.csv', lines.slice(0, 9))
  t.like(await t.throwsAsync(printed({ train, 'max-events': '8' })), { code: 'evaluate_too_large' })
  await t.notThrowsAsync(printed({ train, 'max-events': '9' }))
})

test('known customers are measured from the time asked for on, by the share of their basket that the list holds', async t => {
  const baskets = [
    basket('1', 'ann', ['a'], 0),
    basket('2', 'ann', ['b', 'x'], 10),
    basket('3', 'bob', ['a'], 11),
    basket('4', null, ['a'], 12),
    basket('5', 'ann', ['b', 'd', 'y', 'z'], 20)
  ]
  const { points } = await evaluateBaskets(alphabet, baskets, { k: 2, fromS: 11 }, () => undefined)
  // Of ann’s new d, y and z the first two of the alphabet without a, b and x are c and d.
  const ideal = 1 + 1 / Math.log2(3)
  t.deepEqual(points, [{ customer: 0, recall: 1 / 4, hit: 1, ndcg: 1 / Math.log2(3) / ideal, novel: 1 / 3 }])
})

test('lists for a next order are those of plain code: all orders as they stand, what was learned of those a week old', async t => {
  const method = new NextOrder(2)
  let [asked, learned] = [0, 0]
  for (const [place, { customer, timeS }] of habits.entries()) {
    method.advance(timeS)
    if (customer !== null && place % 13 === 0) {
      const next = new NextBasket(new BasketIndex())
      const learner = new BasketLearner({ oneIn: 2 })
      for (const [offset, { id, ...one }] of habits.slice(0, place).entries()) {
        const ordered = { ...one, items: [...one.items] }
        next.index.put(id, ordered)
        if (one.timeS > timeS - 7 * day) continue
        learner.take(id, ordered, offset)
        const { weights, version } = learner.learn(() => undefined)?.published ?? {}
        if (weights && version) next.ranker.weights.set(weights)
        learned = Math.max(learned, version ?? 0)
      }
      next.predict(customer, timeS)
      const order = Array.from(next.order.subarray(0, next.rank(10)))
      const expected = order.map(candidate => next.index.ids.ids[next.candidates.items[candidate]])
      t.deepEqual(method.answer({ customer, timeS }, 10), expected)
      asked++
    }
    method.observe(habits[place])
  }
  t.true(asked > 15 && learned > 50, `asked ${asked}, learned up to ${learned}`)
})

test('home continues from what the customer bought in the last 90 days; else it shows what is popular', t => {
  const baskets = Array.from({ length: 40 }, (_, i) => basket(`o${i}`, null, i % 4 === 0 ? ['pan', 'lid'] : ['tea'], i))
  const method = new HomeAfterOrders([...baskets, basket('a', 'ann', ['pan'], 0)], {
    parameters: profiles.fast,
    oneIn: 3
  })
  for (const one of baskets) method.observe(one)
  method.observe(basket('a', 'ann', ['pan'], 100))
  const listAt = (timeS: number) => method.answer({ customer: 'ann', timeS }, 3).filter(item => item !== 'pan')
  t.is(listAt(100 + 90 * day)[0], 'lid')
  t.is(listAt(101 + 90 * day)[0], 'tea')
  t.is(method.answer({ customer: 'bob', timeS: 100 }, 1)[0], 'tea')
})

test('home asks the session index about these items as if two others had come after them', t => {
  const method = new HomeAfterOrders(habits, { parameters: profiles.fast, oneIn: 1e9 })
  const index = new SessionIndex(profiles.fast)
  for (const one of habits) {
    method.observe(one)
    const session = index.startSession(one.timeS)
    for (const item of one.items) index.observe(session, index.itemOf(item), one.timeS)
  }
  const own = habits.filter(({ customer }) => customer === 'c3').flatMap(({ items }) => [...items])
  const newest = [...new Set(own.reverse())].slice(0, 10).reverse()
  const listFrom = (firstStep: number) => {
    const next = new NextItems(index)
    const items = newest.map(item => index.itemOf(item))
    next.predict({ items, count: items.length, session: -1, firstStep })
    return Array.from(next.order.subarray(0, next.rank(20)), place => index.ids.ids[next.itemAt(place)])
  }
  const { timeS } = habits[habits.length - 1]
  t.deepEqual(method.answer({ customer: 'c3', timeS }, 20), listFrom(3))
  t.notDeepEqual(listFrom(1), listFrom(3))
})

test('the report says what was learned: production’s share, or what is asked for', async t => {
  const train = file('habits.csv', lines)
  const report = JSON.parse(await printed({ train, json: true }))
  t.like(report, { method: 'basket', protocol: 'baskets', learn_share: '1/3', k: 20 })
  t.deepEqual(Object.keys(report.all), ['n', 'recall@20', 'hit@20', 'ndcg@20', 'se'])
  t.deepEqual(Object.keys(report.novel), ['n', 'recall@20', 'se'])
  const both = JSON.parse(await printed({ train, json: true, method: 'basket,home', 'learn-share': '1' }))
  t.deepEqual(
    both.map(({ method, learn_share, profile }: any) => [method, learn_share, profile]),
    [
      ['basket', 'all', undefined],
      ['home', 'all', 'fast']
    ]
  )
  const table = await printed({ train, method: 'basket,home', from: '2001-09-20' })
  t.regex(table, /^method .*\nbasket \(learns 1\/3\) .* ± .*\nhome \(fast, learns 1\/3\) .* ± /)
  t.true(JSON.parse(await printed({ train, json: true, from: '2001-09-20' })).all.n < report.all.n)
})

for (const [what, args] of [
  ['a test file', { test: 'x' }],
  ['a method of sessions', { method: 'v-sknn' }],
  ['a profile where nothing has one', { profile: 'full' }],
  ['a comparison', { compare: 'a,b' }],
  ['a share of the test part', { 'learn-share-test': '1' }],
  ['a prefix', { 'min-prefix': '2' }],
  ['a time in words', { from: 'November' }],
  ['a start among sessions', { protocol: 'static', from: '2011-11-01' }]
] as const) {
  test(`${what} is refused, not left out without a word`, async t => {
    t.like(await t.throwsAsync(printed({ train: file('refused.csv', lines.slice(0, 5)), ...args })), { code: 'usage' })
  })
}

const retail = `${shared}/uci-online-retail/online_retail.csv.gz`
const title = 'orders of Online Retail are foreseen as the reference has it, with production’s share of learning'
const run = existsSync(retail) || process.env.CI === 'true' ? test : test.skip

run(title, async t => {
  t.timeout(120_000)
  const { all, novel } = JSON.parse(await printed({ train: retail, from: '2011-11-01', json: true }))
  t.deepEqual([all.n, novel.n], [3054, 2568])
  for (const [measure, wanted] of Object.entries({ 'recall@20': 29.52, 'hit@20': 84.91, 'ndcg@20': 31.85 })) {
    t.true(all[measure] >= wanted - all.se[measure] / 2, `${measure}: ${all[measure]}, expected ${wanted}`)
  }
  t.true(novel['recall@20'] >= 13.78 - novel.se['recall@20'] / 2, `new to the customer: ${novel['recall@20']}`)
})
