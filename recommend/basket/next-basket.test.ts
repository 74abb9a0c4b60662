import test from 'ava'
import fc from 'fast-check'
import { BasketIndex } from './basket-index.ts'
import type { BasketBounds } from './basket-log.ts'
import { knownOrders } from './known-orders.ts'
import { NextBasket } from './next-basket.ts'

const day = 86_400
const seed = 20250815

function listFor(next: NextBasket, customer: string, timeS: number, wanted = 10): string[] {
  next.predict(customer, timeS)
  const count = next.rank(wanted)
  return Array.from(next.order.subarray(0, count), place => next.index.ids.ids[next.candidates.items[place]])
}

/** Every order under an id of its own. */
function shop(bounds?: Partial<BasketBounds>) {
  const index = new BasketIndex(bounds)
  let orders = 0
  const order = (customer: string | null, items: string[], timeS: number) =>
    index.put(`o${orders++}`, { customer, items, timeS })
  return { index, order, next: new NextBasket(index) }
}

test('what a customer orders every time comes before what was ordered once', t => {
  const { order, next } = shop()
  for (let i = 0; i < 5; i++) order('ann', i === 0 ? ['milk', 'lamp'] : ['milk'], i * day)
  t.deepEqual(listFor(next, 'ann', 5 * day), ['milk', 'lamp'])
})

test('what others order with an own item is suggested before what nobody does', t => {
  const { order, next } = shop()
  order('ann', ['bread'], 0)
  for (let i = 0; i < 5; i++) order(`c${i}`, ['bread', 'butter'], i)
  for (let i = 0; i < 5; i++) order(`d${i}`, ['nail'], i)
  t.deepEqual(listFor(next, 'ann', 10), ['bread', 'butter', 'nail'])
})

test('what fewer than three people ordered together counts for nothing, however often they did', t => {
  const { order, next } = shop()
  const together = () => {
    next.predict('ann', 200 * day)
    return [...next.candidates.items.subarray(0, next.candidates.count)].includes(next.index.itemOf('butter'))
  }
  order('ann', ['bread'], 0)
  for (let i = 0; i < 120; i++) order(null, [`p${i}`], 190 * day)
  for (let i = 0; i < 12; i++) order(i % 2 === 0 ? 'bob' : 'cid', ['bread', 'butter'], i)
  t.false(together())
  order('dan', ['bread', 'butter'], 20)
  t.true(together())
})

test('a customer who alternates is understood after a while', t => {
  const { index, order, next } = shop()
  for (let i = 0; i < 30; i++) {
    order('ann', [i % 2 === 0 ? 'even' : 'odd'], i * day)
    next.predict('ann', (i + 1) * day)
    next.learn(new Set([index.itemOf(i % 2 === 0 ? 'odd' : 'even')]))
  }
  t.is(next.ranker.steps, 29)
  t.is(listFor(next, 'ann', 31 * day)[0], 'even')
  t.is(listFor(new NextBasket(index), 'ann', 31 * day)[0], 'odd')
})

test('nobody is asked about in vain: a customer without orders has no candidates', t => {
  const { order, next } = shop()
  order('ann', ['milk'], 0)
  t.is(next.predict('bob', day), 0)
  t.is(next.rank(10), 0)
})

test('only orders of after a time count, where a customer has asked to forget the others', t => {
  const { index, order, next } = shop()
  order('ann', ['old', 'both'], 0)
  order('ann', ['new', 'both'], day)
  const own = (sinceS: number) => {
    next.predictFrom(knownOrders(index, [{ id: 'ann', since: sinceS * 1000 }]), 2 * day)
    const { items, counts, count } = next.history
    return Array.from({ length: count }, (_, i) => `${next.index.ids.ids[items[i]]} ${counts[i]}`)
  }
  t.deepEqual(own(Number.NEGATIVE_INFINITY), ['new 1', 'both 2', 'old 1'])
  t.deepEqual(own(0), ['new 1', 'both 1'])
  t.deepEqual(own(day), [])
})

const told = fc.record({
  id: fc.nat({ max: 15 }),
  customer: fc.option(fc.constantFrom('a', 'b', 'c')),
  items: fc.uniqueArray(fc.nat({ max: 40 }), { maxLength: 90, size: 'max' }),
  timeS: fc.integer({ min: 0, max: 400 * day })
})

test('any orders, changed or taken back, in any order of time, give finite scores within the bounds', t => {
  fc.assert(
    fc.property(fc.array(told, { minLength: 1, maxLength: 40, size: 'max' }), orders => {
      const index = new BasketIndex({ basketsMax: 8, perCustomerMax: 3 })
      const next = new NextBasket(index)
      for (const { id, customer, items, timeS } of orders) {
        const count = next.predict(customer ?? '', timeS)
        for (let i = 0; i < count; i++) if (!Number.isFinite(next.ranker.scores[i])) return false
        next.learn(new Set(items.map(item => index.itemOf(`i${item}`))))
        index.put(`${id}`, { customer, items: items.map(item => `i${item}`), timeS })
        if (index.baskets > 8 || ['a', 'b', 'c'].some(one => index.basketsOf(one).length > 3)) return false
      }
      return true
    }),
    { seed, numRuns: 60 }
  )
  t.pass()
})

test('the index is that of the orders as they stand, in whatever sequence they were told', t => {
  fc.assert(
    fc.property(fc.array(told, { minLength: 1, maxLength: 40, size: 'max' }), orders => {
      const followed = new BasketIndex()
      const last = new Map<string, (typeof orders)[number]>()
      for (const order of orders) {
        last.set(`${order.id}`, order)
        followed.put(`${order.id}`, { ...order, items: order.items.map(item => `i${item}`) })
      }
      const items = Array.from({ length: 41 }, (_, i) => `i${i}`)
      const standing = [...last.values()].sort((a, b) => a.timeS - b.timeS || (`${a.id}` < `${b.id}` ? -1 : 1))
      for (const name of items) {
        const item = followed.itemOf(name)
        const having = standing.filter(order => order.items.includes(Number(name.slice(1))))
        const customers = new Set(having.flatMap(({ customer }) => customer ?? []))
        const ofCustomers = having.filter(({ customer }) => customer !== null).length
        t.is(followed.orders[item], having.length)
        t.is(followed.reorders[item], ofCustomers - customers.size)
        const small = having.filter(order => order.items.length <= 60)
        t.deepEqual(
          followed.basketsWith(item).map(({ id }) => id),
          small.map(({ id }) => `${id}`)
        )
        const newest = having.reduce((last, { timeS }) => Math.max(last, timeS), 0)
        const decayed = (days: number) =>
          having.reduce((sum, { timeS }) => sum + 2 ** ((timeS - newest) / (days * day)), 0)
        t.is(followed.times[item], newest)
        t.true(Math.abs(followed.popularity[item] - decayed(7)) < 1e-9)
        t.true(Math.abs(followed.longPopularity[item] - decayed(60)) < 1e-9)
      }
      for (const one of ['a', 'b', 'c']) {
        const own = standing.filter(({ customer, items }) => customer === one && items.length > 0)
        t.deepEqual(
          followed.basketsOf(one).map(({ id }) => id),
          own.map(({ id }) => `${id}`)
        )
      }
    }),
    { seed, numRuns: 40 }
  )
})

test('an order of far ahead that is corrected leaves nothing, whatever else has the item', t => {
  const wholesale = Array.from({ length: 70 }, (_, i) => `part ${i}`)
  for (const more of [[], wholesale]) {
    for (const count of [0, 1, 20, 50]) {
      const [followed, fresh] = [new BasketIndex(), new BasketIndex()]
      const tell = (index: BasketIndex, id: string, timeS: number) =>
        index.put(id, { customer: 'ann', items: ['tea', ...more], timeS })
      tell(followed, 'x', 70 * 365 * day)
      for (let i = 0; i < count; i++) for (const index of [followed, fresh]) tell(index, `o${i}`, i * day)
      for (const index of [followed, fresh]) tell(index, 'x', count * day)
      followed.put('x', null)
      fresh.put('x', null)
      for (const index of [followed, fresh]) tell(index, 'y', 100 * day)
      const of = (index: BasketIndex) => [index.times, index.popularity, index.longPopularity].map(column => column[0])
      for (const [i, value] of of(followed).entries())
        t.true(Math.abs(value - of(fresh)[i]) < 1e-9, `${count}: ${value}`)
    }
  }
})

test('beyond the bounds the oldest orders are forgotten, and what they had added is taken back', t => {
  const { index, order } = shop({ basketsMax: 3, perCustomerMax: 2 })
  order('ann', ['tea'], 5 * day)
  order('ann', ['tea'], 3 * day)
  order('ann', ['tea', 'cup'], 4 * day)
  const [tea, cup] = ['tea', 'cup'].map(id => index.itemOf(id))
  t.deepEqual([index.orders[tea], index.reorders[tea], index.orders[cup]], [2, 1, 1])
  order(null, ['cup'], 9 * day)
  order('bob', ['cup'], 8 * day)
  t.deepEqual([index.baskets, index.orders[tea], index.reorders[tea], index.orders[cup]], [3, 1, 0, 2])
})
