import test from 'ava'
import fc from 'fast-check'
import { BasketIndex } from './basket-index.ts'
import { itemsMax } from './customer-history.ts'
import { NextBasket } from './next-basket.ts'

const day = 86_400
const seed = 20250815

function listFor(next: NextBasket, customer: string, timeS: number, wanted = 10): string[] {
  next.predict(next.index.customers.get(customer)!, timeS)
  const count = next.rank(wanted)
  return Array.from(next.order.subarray(0, count), place => next.index.ids.ids[next.candidates.items[place]])
}

function order(index: BasketIndex, customer: string | null, items: string[], timeS: number): void {
  index.observe(
    customer,
    items.map(id => index.itemOf(id)),
    timeS
  )
}

test('what a customer orders every time comes before what was ordered once', t => {
  const index = new BasketIndex()
  for (let i = 0; i < 5; i++) order(index, 'ann', i === 0 ? ['milk', 'lamp'] : ['milk'], i * day)
  t.deepEqual(listFor(new NextBasket(index), 'ann', 5 * day), ['milk', 'lamp'])
})

test('what others order with an own item is suggested before what nobody does', t => {
  const index = new BasketIndex()
  order(index, 'ann', ['bread'], 0)
  for (let i = 0; i < 5; i++) order(index, `c${i}`, ['bread', 'butter'], i)
  for (let i = 0; i < 5; i++) order(index, `d${i}`, ['nail'], i)
  t.deepEqual(listFor(new NextBasket(index), 'ann', 10), ['bread', 'butter', 'nail'])
})

test('a customer who alternates is understood after a while', t => {
  const index = new BasketIndex()
  const next = new NextBasket(index)
  for (let i = 0; i < 30; i++) {
    order(index, 'ann', [i % 2 === 0 ? 'even' : 'odd'], i * day)
    next.predict(index.customers.get('ann')!, (i + 1) * day)
    next.learn(new Set([index.itemOf(i % 2 === 0 ? 'odd' : 'even')]))
  }
  t.is(next.ranker.steps, 29)
  t.is(listFor(next, 'ann', 31 * day)[0], 'even')
  t.is(listFor(new NextBasket(index), 'ann', 31 * day)[0], 'odd')
})

test('any baskets, in any order of time, give finite scores within the bounds', t => {
  const basket = fc.record({
    customer: fc.option(fc.constantFrom('a', 'b', 'c')),
    items: fc.uniqueArray(fc.nat({ max: 700 }), { minLength: 1, maxLength: 90, size: 'max' }),
    time: fc.integer({ min: 0, max: 400 * day })
  })
  fc.assert(
    fc.property(fc.array(basket, { minLength: 1, maxLength: 30, size: 'max' }), baskets => {
      const index = new BasketIndex({ basketsMax: 5, customersMax: 2 })
      const next = new NextBasket(index)
      for (const { customer, items, time } of baskets) {
        const history = index.customers.get(customer ?? '')
        if (history) {
          const count = next.predict(history, time)
          for (let i = 0; i < count; i++) if (!Number.isFinite(next.ranker.scores[i])) return false
          next.learn(new Set(items.map(item => index.itemOf(`i${item}`))))
        }
        order(
          index,
          customer,
          items.map(item => `i${item}`),
          time
        )
      }
      return index.customers.size <= 2 && [...index.customers.values()].every(({ count }) => count <= itemsMax)
    }),
    { seed, numRuns: 60 }
  )
  t.pass()
})

test('erasing a customer takes the orders out of the counters again', t => {
  const index = new BasketIndex()
  order(index, 'ann', ['milk', 'tea'], 0)
  order(index, 'bob', ['milk'], 5)
  order(index, 'ann', ['milk'], 9)
  index.erase('ann')
  const [milk, tea] = ['milk', 'tea'].map(id => index.itemOf(id))
  t.false(index.customers.has('ann'))
  t.deepEqual([index.orders[milk], index.orders[tea], index.reorders[milk]], [1, 0, 0])
  t.is(index.basketAt(0), undefined)
  t.true(Math.abs(index.popularity[tea]) < 1e-9)
})
