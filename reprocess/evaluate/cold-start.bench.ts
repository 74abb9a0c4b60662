/**
 * How soon a new item has the right neighbours: `npm run bench -- cold-start [--json]`.
 *
 * The demo shop's products and orders run through the real topologies up to a day, what happens afterwards is the truth:
 * an item's true neighbours are the 20 it shares most orders with (cosine, at least 3 customers), among items that were
 * known before.
 *
 * - hidden: every item with true neighbours in all of the data has its history hidden and is new: content alone.
 * - found at the split: by the evidence an item had, what content, behaviour, and the mix of both find of its later
 *   neighbours. `popular` shows the same best sellers for all, `category` the best sellers of the item's category.
 */
import { parseArgs } from 'node:util'
import { openDemoShop, type ShopMoment } from '../../connectors/demo/online-retail.ts'
import { driveTopology, type TopologyDriver } from '../../engine/testing/drive-topology.ts'
import { ExactSearch } from '../../recommend/vectors/exact-search.ts'
import type { OrderId } from '../../schemas/ids.ts'
import { itemVectors, orderItems, orders, products } from '../../schemas/topics.ts'
import type { ItemVector } from '../../schemas/views.ts'
import { basketsTopology } from '../../topologies/baskets.ts'
import { itemVectorsTopology } from '../../topologies/item-vectors.ts'
import { similarItemsTopology } from '../../topologies/similar-items.ts'
import { clusteredMean } from './measures.ts'

const { values: args } = parseArgs({ options: { json: { type: 'boolean' } } })
const listLength = 20
const customersMin = 3
/** Of an order, so many lines: as pairs of a basket are made. */
const linesMax = 100
/** Share of the orders before the split. */
const knownShare = 0.6
const unitRecords = 5_000
const bins = [
  { name: 'evidence 0', from: 0, to: 1e-9 },
  { name: 'up to .2', from: 1e-9, to: 0.2 },
  { name: '.2 to .5', from: 0.2, to: 0.5 },
  { name: '.5 to .8', from: 0.5, to: 0.8 },
  { name: 'above .8', from: 0.8, to: 1.01 }
]

const shop = openDemoShop(0)
const ids = shop.products.map(({ product_id }) => product_id)
const numbers = new Map(ids.map((id, i) => [id, i]))
const numberOf = (id: string) => numbers.get(id) ?? -1
const moments = [...shop.moments()]
const split = Math.floor(moments.length * knownShare)

const driver = driveTopology([basketsTopology('orders'), similarItemsTopology, itemVectorsTopology], {
  commitEach: false
})
for (const row of shop.products) driver.append(products, row.product_id as never, row, 0)
feed(driver, moments.slice(0, split))
const vectors = driver.viewAll(itemVectors)
const catalog = shop.products.map(({ category }) => category)

reportHidden()
reportAtSplit()

function feed(into: TopologyDriver, these: readonly ShopMoment[]): void {
  let records = 0
  for (const { ts, orders: rows, items } of these) {
    for (const row of rows) into.append(orders, row.order_id as OrderId, row, ts)
    for (const row of items) into.append(orderItems, row.order_id as OrderId, row, ts)
    records += rows.length + items.length
    if (records < unitRecords) continue
    into.commit()
    records = 0
  }
  into.commit()
}

interface Truth {
  /** By item: its true neighbours; empty where nothing is known. */
  neighbours: number[][]
  /** Orders with the item. */
  sold: Float64Array
}

/** What goes together in these orders. */
function truthOf(these: readonly ShopMoment[]): Truth {
  const sold = new Float64Array(ids.length)
  const together = ids.map(() => new Map<number, { count: number; customers: Set<string> }>())
  for (const { orders: rows, items } of these) {
    if (rows.length !== 1) continue
    const bought = [...new Set(items.map(({ product_id }) => numberOf(product_id)))].slice(0, linesMax)
    for (const item of bought) {
      sold[item]++
      for (const other of bought) if (other !== item) meet(together[item], other, rows[0].user_id)
    }
  }
  const neighbours = together.map((met, item) =>
    [...met]
      .filter(([, { customers }]) => customers.size >= customersMin)
      .map(([other, { count }]) => ({ other, cosine: count / Math.sqrt(sold[item] * sold[other]) }))
      .sort((a, b) => b.cosine - a.cosine || a.other - b.other)
      .slice(0, listLength)
      .map(({ other }) => other)
  )
  return { neighbours, sold }
}

function meet(met: Map<number, { count: number; customers: Set<string> }>, other: number, customer: string): void {
  const one = met.get(other) ?? { count: 0, customers: new Set() }
  met.set(other, one)
  one.count++
  if (one.customers.size < customersMin) one.customers.add(customer)
}

type Ranking = (item: number) => number[]

/** All other items, nearest first. `trust` replaces the evidence of the item asked about; null takes its own. */
function byVectors(trust: number | null, isIn: (item: number) => boolean): Ranking {
  const search = new ExactSearch(item => ids[item])
  const pairs = ids.map(id => pairOf(vectors.get(id)))
  for (const [item, pair] of pairs.entries()) if (pair && isIn(item)) search.put(item, pair)
  return item => {
    const pair = pairs[item]
    if (!pair) return []
    search.put(item, { ...pair, evidence: trust ?? pair.evidence })
    const { items } = search.neighboursOf(item, ids.length)
    if (isIn(item)) search.put(item, pair)
    else search.remove(item)
    return [...items]
  }
}

function pairOf(row: ItemVector | undefined) {
  if (!row) return null
  const signed = (bytes: Buffer | null) => bytes && new Int8Array(bytes)
  return { content: signed(row.content), behaviour: signed(row.behaviour), evidence: row.evidence }
}

function bySales(sold: Float64Array, isSame: (item: number, other: number) => boolean): Ranking {
  const all = ids.map((_, item) => item).sort((a, b) => sold[b] - sold[a] || a - b)
  return item => all.filter(other => other !== item && isSame(item, other))
}

function reportHidden(): void {
  const { neighbours, sold } = truthOf(moments)
  const asked = ids.map((_, item) => item).filter(item => neighbours[item].length >= 5)
  const methods: Record<string, Ranking> = {
    content: byVectors(0, () => true),
    category: bySales(sold, (item, other) => catalog[item] === catalog[other]),
    popular: bySales(sold, () => true)
  }
  for (const [name, rank] of Object.entries(methods)) report('hidden', name, { asked, truth: neighbours, rank })
}

function reportAtSplit(): void {
  const before = truthOf(moments.slice(0, split))
  const isKnown = (item: number) => before.sold[item] > 0
  const later = truthOf(moments.slice(split)).neighbours.map(near => near.filter(isKnown))
  const evidenceOf = (item: number) => vectors.get(ids[item])?.evidence ?? 0
  const methods: Record<string, Ranking> = {
    content: byVectors(0, isKnown),
    behaviour: byVectors(1, isKnown),
    mix: byVectors(null, isKnown),
    companions: item => before.neighbours[item],
    popular: bySales(before.sold, () => true)
  }
  for (const { name, from, to } of bins) {
    const asked = ids
      .map((_, item) => item)
      .filter(item => later[item].length >= 5 && evidenceOf(item) >= from && evidenceOf(item) < to)
    for (const [method, rank] of Object.entries(methods)) report(name, method, { asked, truth: later, rank })
  }
}

interface Question {
  asked: number[]
  truth: number[][]
  rank: Ranking
}

/** Of the true neighbours: share among the first 20, items with one there, 1 / place of the first, median place. */
function report(part: string, method: string, { asked, truth, rank }: Question): void {
  const recall: number[] = []
  const hit: number[] = []
  const mrr: number[] = []
  const places: number[] = []
  for (const item of asked) {
    const ranked = rank(item)
    const placeOf = new Map(ranked.map((other, place) => [other, place + 1]))
    const own = truth[item].map(other => placeOf.get(other) ?? ids.length)
    const found = own.filter(place => place <= listLength).length
    recall.push(found / own.length)
    hit.push(found > 0 ? 1 : 0)
    mrr.push(1 / Math.min(...own))
    places.push(...own)
  }
  places.sort((a, b) => a - b)
  const figures = { 'recall@20': meanOf(recall), 'hit@20': meanOf(hit), mrr: meanOf(mrr) }
  const median = places[places.length >> 1] ?? 0
  if (args.json) {
    for (const [metric, { mean, se }] of Object.entries(figures)) {
      line({ case: `${part}/${method}`, metric, value: rounded(100 * mean), se: rounded(100 * se), n: asked.length })
    }
    line({ case: `${part}/${method}`, metric: 'median_place', value: median, n: asked.length })
    return
  }
  const shown = Object.entries(figures).map(
    ([metric, { mean, se }]) => `${metric} ${(100 * mean).toFixed(1)} ± ${(100 * se).toFixed(1)}`
  )
  console.log(`${part.padEnd(12)}${method.padEnd(12)}${shown.join('  ')}  median place ${median}  n ${asked.length}`)
}

function line(figure: Record<string, unknown>): void {
  console.log(JSON.stringify({ bench: 'cold-start', ...figure }))
}

function meanOf(values: number[]) {
  return clusteredMean(
    values,
    values.map((_, i) => i)
  )
}

const rounded = (value: number) => Math.round(value * 100) / 100
