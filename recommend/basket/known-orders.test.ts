import test from 'ava'
import { BasketIndex } from './basket-index.ts'
import { knownOrders } from './known-orders.ts'

function told(orders: Record<string, [customer: string, timeS: number]>): BasketIndex {
  const index = new BasketIndex()
  for (const [id, [customer, timeS]] of Object.entries(orders)) index.put(id, { customer, items: ['tea'], timeS })
  return index
}
const ids = (index: BasketIndex, ...as: [id: string, since: number][]) =>
  knownOrders(
    index,
    as.map(([id, since]) => ({ id, since }))
  ).map(({ id }) => id)
const never = Number.NEGATIVE_INFINITY

test('orders under several ids are read in order of time, then of id', t => {
  const index = told({ b: ['ann', 1], c: ['device', 1], a: ['phone', 1], d: ['device', 0], e: ['ann', 2] })
  t.deepEqual(ids(index, ['ann', never], ['device', never], ['phone', never]), ['d', 'a', 'b', 'c', 'e'])
  t.deepEqual(ids(index, ['nobody', never], ['device', never]), ['d', 'c'])
})

test('under each id what it asked to be forgotten is not read', t => {
  const index = told({ a: ['ann', 1], b: ['ann', 2], c: ['device', 1], d: ['device', 2] })
  t.deepEqual(ids(index, ['ann', 1000], ['device', never]), ['c', 'b', 'd'])
  t.deepEqual(ids(index, ['ann', never], ['device', 2000]), ['a', 'b'])
})

test('of the orders of all ids together the newest 200 are read', t => {
  const orders = Array.from({ length: 300 }, (_, i) => [`o${1000 + i}`, [i % 2 ? 'ann' : 'device', i]])
  const found = ids(told(Object.fromEntries(orders)), ['ann', never], ['device', never])
  t.deepEqual([found.length, found[0], found.at(-1)], [200, 'o1100', 'o1299'])
})
