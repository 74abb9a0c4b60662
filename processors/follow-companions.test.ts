import test from 'ava'
import { days } from '../engine/index.ts'
import { driveProcessor } from '../engine/testing/drive-processor.ts'
import { behaviourVector } from '../recommend/vectors/behaviour-vector.ts'
import type { ItemId } from '../schemas/ids.ts'
import { companionsIn, similarRows } from '../schemas/similar-row.ts'
import { similarItems } from '../schemas/topics.ts'
import { followCompanions } from './follow-companions.ts'
import { base64Of } from './signed-bytes.ts'

const tea = 'tea' as ItemId
const nothing = { behaviour: null, evidence: 0 }

function vectorOf(companions: Record<string, number>): string {
  const list = Object.entries(companions).map(([product_id, score]) => ({ product_id, score }))
  return base64Of(behaviourVector('tea', list))
}

function start() {
  const feed = driveProcessor(followCompanions())
  const row = (weight: number, companions: Record<string, number>, at = 0) => {
    const co_viewed = Object.entries(companions).map(([product_id, score]) => ({ product_id, score, people: 3 }))
    const bytes = similarItems.value.encode({ as_of: at, weight, co_viewed, viewed_then_bought: [] })
    return feed(tea, similarRows.value.decode(bytes), at).map(({ value }) => value)
  }
  return { feed, row }
}

test('an item without companions has no vector', t => {
  t.deepEqual(start().row(9, {}), [])
})

test('the first companions make a vector at once, worth as much as content after 8 days', t => {
  t.deepEqual(start().row(8, { cup: 0.5, pot: 0.25 }), [
    { behaviour: vectorOf({ cup: 0.5, pot: 0.25 }), evidence: 0.5 }
  ])
})

test('changes wait a week, and the last row is the one that counts', t => {
  const { feed, row } = start()
  row(10, { cup: 0.5 })
  t.deepEqual(row(11, { cup: 0.9 }, 1), [])
  feed.reload()
  t.deepEqual(row(11, { pot: 0.3, cup: 0.2 }, days(1)), [])
  t.deepEqual(feed.advance(days(7)), [])
  t.deepEqual(
    feed.advance(days(8)).map(({ value }) => value.behaviour),
    [vectorOf({ pot: 0.3, cup: 0.2 })]
  )
  t.deepEqual(feed.advance(days(30)), [])
})

test('what has more than doubled does not wait, and decay alone is no reason', t => {
  const { feed, row } = start()
  row(10, { cup: 0.5 })
  t.deepEqual(row(5.2, { cup: 0.5 }, days(7)), [])
  feed.reload()
  t.is(row(16, { cup: 0.5, pot: 0.5 }, days(7) + 1).length, 1)
  t.deepEqual(feed.advance(days(30)), [], 'nothing waits any more')
})

test('a row that is gone, or has lost its companions, takes the vector back, once', t => {
  const { feed, row } = start()
  row(9, { cup: 0.5 })
  t.deepEqual(row(9, {}), [nothing])
  t.deepEqual(row(9, {}), [])
  row(9, { cup: 0.5 })
  row(9, { cup: 0.4 })
  feed.reload()
  t.deepEqual(
    feed(tea, null, 1).map(({ value }) => value),
    [nothing]
  )
  t.deepEqual(feed(tea, null, 2), [])
  t.deepEqual(feed.advance(days(30)), [])
})

test('of a full row the best are read', t => {
  const co_viewed = Array.from({ length: 100 }, (_, i) => ({ product_id: `ö${i}`, score: 1 / (i + 1), people: 3 }))
  const bytes = similarItems.value.encode({ as_of: 5, weight: 7, co_viewed, viewed_then_bought: co_viewed })
  const row = similarRows.value.decode(bytes)
  t.deepEqual([row.as_of, row.weight, row.hasCompanions], [5, 7, true])
  const entries = co_viewed.map(({ product_id, score }) => ({ product_id, score }))
  t.deepEqual(companionsIn(row.head(64)), entries.slice(0, 64))
  t.deepEqual(companionsIn(row.head(500)), entries)
})

test('items do not mix', t => {
  const { feed, row } = start()
  row(9, { cup: 0.5 })
  t.deepEqual(feed('cup' as ItemId, null, 1), [])
})
