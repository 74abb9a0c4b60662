import test from 'ava'
import { priceBand } from './price-band.ts'

test('bands are 0 below 1, 9 from 500 on, and about three to a decade', t => {
  const prices = [0, 0.99, 1, 1.99, 2, 5, 10, 20, 50, 100, 200, 499.99, 500, 1e9]
  t.deepEqual(prices.map(priceBand), [0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 8, 9, 9])
})

test('without a price there is no band', t => {
  t.is(priceBand(null), null)
})
