import test from 'ava'
import { changedPurchases } from './changed-purchases.ts'
import { basket } from './testing/builders.ts'

const summary = (change: Parameters<typeof changedPurchases>[0]) =>
  Object.fromEntries(
    [...changedPurchases(change)].map(([person, { gone, come, baskets, idle }]) => [
      person,
      {
        gone: gone.map(one => one.product_id),
        come: come.map(one => one.product_id),
        baskets: baskets.reduce((sum, { count }) => sum + count, 0),
        idle: idle.map(one => one.product_id)
      }
    ])
  )

test('a new basket is so many purchases', t => {
  t.deepEqual(summary({ before: null, after: basket({ tea: 1, cup: 0 }) }), {
    u1: { gone: [], come: ['tea'], baskets: 1, idle: ['cup'] }
  })
})

test('of a changed basket, only the difference is told', t => {
  t.deepEqual(summary({ before: basket({ tea: 1, cup: 1 }), after: basket({ tea: 1, cup: 2 }) }), {
    u1: { gone: ['cup'], come: ['cup'], baskets: 0, idle: [] }
  })
})

test('a cancelled basket takes everything back; one that was never placed only names its items', t => {
  const cancelled = basket({ tea: 1 }, { counts: false })
  t.deepEqual(summary({ before: basket({ tea: 1 }), after: cancelled }), {
    u1: { gone: ['tea'], come: [], baskets: -1, idle: ['tea'] }
  })
  t.deepEqual(summary({ before: null, after: cancelled }), {
    u1: { gone: [], come: [], baskets: 0, idle: ['tea'] }
  })
})

test('a basket that goes to somebody else leaves the one and comes to the other', t => {
  t.deepEqual(summary({ before: basket({ tea: 1 }, { person: 's1' }), after: basket({ tea: 1 }) }), {
    u1: { gone: [], come: ['tea'], baskets: 1, idle: [] },
    s1: { gone: ['tea'], come: [], baskets: -1, idle: [] }
  })
})
