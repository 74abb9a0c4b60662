import test from 'ava'
import { driveProcessor } from '../engine/testing/drive-processor.ts'
import type { OrderId } from '../schemas/ids.ts'
import { compareBaskets } from './compare-baskets.ts'
import { basket } from './testing/builders.ts'

const o1 = 'o1' as OrderId

test('a basket is told with what it was before, at its own time', t => {
  const feed = driveProcessor(compareBaskets())
  const first = basket({ tea: 1 }, { ts: 5 })
  const second = basket({ tea: 1, cup: [2, 3.5] }, { ts: 5, counts: false })
  t.deepEqual(feed(o1, first, 99), [{ key: o1, value: { before: null, after: first }, timestamp: 5 }])
  feed.reload()
  t.deepEqual(feed(o1, second, 99)[0].value, { before: first, after: second })
})

test('a basket that is gone counts no more; of one that was never there nothing is told', t => {
  const feed = driveProcessor(compareBaskets())
  const first = basket({ tea: 1 })
  feed(o1, first, 0)
  t.deepEqual(feed(o1, null, 1)[0].value, { before: first, after: { ...first, counts: false } })
  t.deepEqual(feed(o1, null, 2), [])
})

test('baskets do not mix', t => {
  const feed = driveProcessor(compareBaskets())
  feed(o1, basket({ tea: 1 }), 0)
  t.is(feed('o2' as OrderId, basket({ tea: 1 }), 0)[0].value.before, null)
})
