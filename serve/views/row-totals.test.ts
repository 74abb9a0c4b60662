import test from 'ava'
import fc from 'fast-check'
import { boughtTogether, similarItems } from '../../schemas/topics.ts'
import { basketsTotal, similarTotal } from './row-totals.ts'

const whole = fc.integer({ min: 0, max: 2 ** 52 })

test('the totals of a row are those of the whole row decoded', t => {
  fc.assert(
    fc.property(whole, fc.double({ min: 0, noNaN: true }), whole, (as_of, weight, baskets) => {
      const pairs = [{ product_id: 'a', score: 0.5, people: 3 }]
      const similar = similarItems.value.encode({ as_of, weight, co_viewed: pairs, viewed_then_bought: [] })
      t.like(similarTotal(similar), { as_of, weight })
      t.is(basketsTotal(boughtTogether.value.encode({ baskets, companions: [] })), baskets)
    })
  )
})
