import test, { type ExecutionContext } from 'ava'
import { demoBatches } from '../connectors/demo/demo-source.ts'
import type { Basket } from '../schemas/act.ts'
import { baskets, boughtTogether, orderItems, orders, similarItems } from '../schemas/topics.ts'
import { pairedItems } from '../serve/testing/exact-pairs.ts'
import { basketsTopology } from './baskets.ts'
import { boughtTogetherTopology } from './bought-together.ts'
import { similarItemsTopology } from './similar-items.ts'
import { dayMs, dayOf, groupBy, left, type OracleTouch, pairsOf } from './testing/oracle.ts'
import { run } from './testing/run.ts'
import type { Arrival } from './testing/traffic.ts'

/** Lists of the demo's real orders against what they would be if nothing were ever cut: enough of them that many are. */

const linesMax = 40_000
const shown = 50
const shareMin = 0.95
/** What a list keeps of an item's companions between two cuts. */
const keptMax = { boughtTogether: 800, similarItems: 1_000 }
const itemsCompared = 25

const arrivals = firstOrders()
const driver = run([basketsTopology('orders'), boughtTogetherTopology, similarItemsTopology], arrivals, {
  unitRecords: 2_000
})
const counted = [...driver.viewAll(baskets).values()].filter(({ counts }) => counts)

function firstOrders(): Arrival[] {
  const found: Arrival[] = []
  let lines = 0
  for (const { topic, rows, timestamps } of demoBatches({ shiftMs: 0 })) {
    if (topic === 'orders') {
      for (const [i, row] of rows.entries())
        found.push({ topic: orders, key: row.order_id, value: row, ts: timestamps[i] })
    } else if (topic === 'order-items') {
      lines += rows.length
      for (const [i, row] of rows.entries())
        found.push({ topic: orderItems, key: row.order_id, value: row, ts: timestamps[i] })
      if (lines >= linesMax) break
    }
  }
  return found
}

/** Companions of an item with what they are worth, the best first, of at least three people. */
type Exact = { other: string; worth: number }[]

/** How many of those shown first belong there: they are worth at least as much as the last of the exact ones. */
function share(found: readonly string[], exact: Exact): { kept: number; of: number } {
  const best = exact.slice(0, shown)
  const worths = new Map(exact.map(({ other, worth }) => [other, worth]))
  const least = (best.at(-1)?.worth ?? 0) * (1 - 1e-9)
  return { kept: found.slice(0, best.length).filter(id => (worths.get(id) ?? 0) >= least).length, of: best.length }
}

function compare(t: ExecutionContext, lists: { found: readonly string[]; exact: Exact }[]): void {
  t.true(lists.length >= 5, `the bound cuts ${lists.length} lists`)
  const shares = lists.map(({ found, exact }) => share(found, exact))
  const kept = shares.reduce((sum, one) => sum + one.kept, 0)
  const of = shares.reduce((sum, one) => sum + one.of, 0)
  t.log(`${kept} of ${of} in ${lists.length} lists that were cut`)
  t.true(of > shown * lists.length * 0.9)
  t.true(kept >= of * shareMin, `${kept} of ${of}`)
}

/** The items with the most companions, if those are more than a list keeps. */
function cutItems(companions: Map<string, Set<string>>, keptMax: number): string[] {
  const cut = [...companions].filter(([, { size }]) => size > keptMax)
  return cut
    .sort(([, a], [, b]) => b.size - a.size)
    .slice(0, itemsCompared)
    .map(([item]) => item)
}

function note(companions: Map<string, Set<string>>, item: string, other: string): void {
  const found = companions.get(item)
  if (found) found.add(other)
  else companions.set(item, new Set([other]))
}

test('bought together: of the demo’s lists that are cut, 95 of the 100 best are those of all pairs', t => {
  const contents = counted.map(basket => ({ person: basket.person, items: pairedItems(basket) }))
  const companions = new Map<string, Set<string>>()
  for (const { items } of contents) for (const a of items) for (const b of items) if (a !== b) note(companions, a, b)
  const lists = cutItems(companions, keptMax.boughtTogether).map(item => {
    const shared = contents.filter(({ items }) => items.includes(item))
    const pairs = shared.flatMap(({ person, items }) => items.map(other => ({ person, other })))
    const exact = [...groupBy(pairs, ({ other }) => other)].flatMap(([other, list]) =>
      other !== item && new Set(list.map(({ person }) => person)).size >= 3 ? [{ other, worth: list.length }] : []
    )
    const row = driver.view(boughtTogether, item as never)
    return {
      found: row?.companions.map(({ product_id }) => product_id) ?? [],
      exact: exact.sort((a, b) => b.worth - a.worth)
    }
  })
  compare(t, lists)
})

function touchesOf({ person, ts, lines }: Basket): OracleTouch[] {
  const items = new Set(lines.filter(({ qty }) => qty > 0).map(({ product_id }) => product_id))
  const touch = { person, isUser: true, type: 'purchase', ts, organic: true }
  return [...items].map(item => ({ ...touch, item }))
}

test('similar items: of the demo’s lists that are cut, 95 of the 100 best are those of all pairs', t => {
  const pairs = pairsOf(counted.flatMap(touchesOf)).filter(({ kind }) => kind === 'together')
  const companions = new Map<string, Set<string>>()
  for (const { item, other } of pairs) note(companions, item, other)
  const cut = cutItems(companions, keptMax.similarItems)
  const byItem = groupBy(
    pairs.filter(({ item }) => cut.includes(item)),
    ({ item }) => item
  )
  const end = dayOf(Math.max(...arrivals.map(({ ts }) => ts)))
  const lists = cut.map(item => {
    const exact = [...groupBy(byItem.get(item) ?? [], ({ other }) => other)].flatMap(([other, list]) =>
      new Set(list.map(({ person }) => person)).size >= 3
        ? [{ other, worth: list.reduce((sum, { day }) => sum + left(end - day, 7 * dayMs), 0) }]
        : []
    )
    const row = driver.view(similarItems, item as never)
    return {
      found: row?.co_viewed.map(({ product_id }) => product_id) ?? [],
      exact: exact.sort((a, b) => b.worth - a.worth)
    }
  })
  compare(t, lists)
})
