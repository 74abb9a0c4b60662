import test from 'ava'
import { days } from '../engine/index.ts'
import { driveProcessor } from '../engine/testing/drive-processor.ts'
import { behaviourVector } from '../recommend/vectors/behaviour-vector.ts'
import type { ItemId } from '../schemas/ids.ts'
import { similarRows } from '../schemas/similar-row.ts'
import { similarItems } from '../schemas/topics.ts'
import { followCompanions } from './follow-companions.ts'
import { base64Of } from './signed-bytes.ts'

const tea = 'tea' as ItemId

function start() {
  const feed = driveProcessor(followCompanions())
  const row = (weight: number, companions: Record<string, number>, asOf = 0) => {
    const co_viewed = Object.entries(companions).map(([product_id, score]) => ({ product_id, score, people: 3 }))
    const bytes = similarItems.value.encode({ as_of: asOf, weight, co_viewed, viewed_then_bought: [] })
    return feed(tea, similarRows.value.decode(bytes), 0).map(({ value }) => value)
  }
  return { feed, row }
}

test('an item without companions has no vector', t => {
  t.deepEqual(start().row(9, {}), [])
})

test('the first companions make a vector, worth as much as content after 8 days', t => {
  const told = start().row(8, { cup: 0.5, pot: 0.25 })
  const expected = behaviourVector('tea', [
    { product_id: 'cup', score: 0.5 },
    { product_id: 'pot', score: 0.25 }
  ])
  t.deepEqual(told, [{ behaviour: base64Of(expected), evidence: 0.5 }])
})

test('a small move is not told, many of them are', t => {
  const { feed, row } = start()
  row(10, { cup: 0.5, pot: 0.3 })
  feed.reload()
  t.deepEqual(row(11, { cup: 0.5, pot: 0.31 }), [])
  t.is(row(12, { cup: 0.5, pot: 0.9 }).length, 1)
})

test('a popular item is looked at when an eighth is new, decay alone is nothing new', t => {
  const { feed, row } = start()
  row(100, { cup: 0.9 })
  t.deepEqual(row(110, { pot: 0.9 }), [])
  feed.reload()
  t.deepEqual(row(50, { pot: 0.9 }, days(7)), [])
  t.is(row(58, { pot: 0.9 }, days(7)).length, 1)
})

test('a row that is gone, or has lost its companions, takes the vector back, once', t => {
  const { feed, row } = start()
  row(9, { cup: 0.5 })
  t.deepEqual(row(9, {}), [{ behaviour: null, evidence: 0 }])
  t.deepEqual(row(9, {}), [])
  row(9, { cup: 0.5 })
  feed.reload()
  t.deepEqual(
    feed(tea, null, 1).map(({ value }) => value),
    [{ behaviour: null, evidence: 0 }]
  )
  t.deepEqual(feed(tea, null, 2), [])
})

test('of a full row the best are read, and rows of another schema in full', t => {
  const co_viewed = Array.from({ length: 100 }, (_, i) => ({ product_id: `ö${i}`, score: 1 / (i + 1), people: 3 }))
  const bytes = similarItems.value.encode({ as_of: 5, weight: 7, co_viewed, viewed_then_bought: co_viewed })
  const row = similarRows.value.decode(bytes)
  t.deepEqual([row.as_of, row.weight], [5, 7])
  t.deepEqual(
    row.companions(64),
    co_viewed.slice(0, 64).map(({ product_id, score }) => ({ product_id, score }))
  )
  t.is(row.companions(500).length, 100)
})
