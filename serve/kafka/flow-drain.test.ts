import test from 'ava'
import { FlowDrain, flowOrder, lagOf } from './flow-drain.ts'
import type { Offsets } from './log-positions.ts'

const derived = new Map([
  ['events', ['by-person', 'view']],
  ['orders', ['by-person']],
  ['by-person', ['by-item']],
  ['by-item', ['view']]
])

function at(offsets: Record<string, number>): Offsets {
  return new Map(Object.entries(offsets).map(([topic, offset]) => [topic, new Map([[0, offset]])]))
}

test('topics come behind all that lead to them', t => {
  const { order, hasCycle } = flowOrder(derived)
  t.false(hasCycle)
  t.true(order.indexOf('by-person') > order.indexOf('events'))
  t.true(order.indexOf('by-person') > order.indexOf('orders'))
  t.is(order.at(-1), 'by-item')
  t.is(order.length, 4)
})

test('what came of the last record is waited for on every topic on the way', t => {
  const drain = new FlowDrain(derived)
  drain.advance(at({ events: 4, orders: 2 }), at({ events: 5, orders: 2, 'by-person': 0, 'by-item': 0 }))
  t.false(drain.isDone, 'an input is not read to its end')
  drain.advance(at({ events: 5, orders: 2 }), at({ events: 5, orders: 2, 'by-person': 7, 'by-item': 0 }))
  t.false(drain.isDone, 'what came of it is not read')
  drain.advance(
    at({ events: 5, orders: 2, 'by-person': 7 }),
    at({ events: 5, orders: 2, 'by-person': 7, 'by-item': 3 })
  )
  t.false(drain.isDone, 'what came of that is not read')
  drain.advance(
    at({ events: 5, orders: 2, 'by-person': 7, 'by-item': 3 }),
    at({ events: 5, orders: 2, 'by-person': 7, 'by-item': 3 })
  )
  t.true(drain.isDone)
})

test('all partitions of a topic are waited for', t => {
  const drain = new FlowDrain(new Map([['events', []]]))
  const ends = new Map([['events', new Map([[0, 3], [1, 4]])]]) // biome-ignore format: a table
  drain.advance(new Map([['events', new Map([[0, 3]])]]), ends)
  t.false(drain.isDone)
  drain.advance(ends, ends)
  t.true(drain.isDone)
})

test('live traffic behind the records that are waited for does not hold it up', t => {
  const drain = new FlowDrain(new Map([['events', []]]))
  drain.advance(at({ events: 9 }), at({ events: 10 }))
  drain.advance(at({ events: 10 }), at({ events: 99 }))
  t.true(drain.isDone)
})

test('topics that lead back to themselves are gone through once more', t => {
  const circle = new Map([
    ['users', ['changes']],
    ['changes', ['handovers']],
    ['handovers', ['changes']]
  ])
  t.true(flowOrder(circle).hasCycle)
  const drain = new FlowDrain(circle)
  drain.advance(at({ users: 1, changes: 1 }), at({ users: 1, changes: 1, handovers: 1 }))
  t.false(drain.isDone)
  drain.advance(at({ users: 1, changes: 1, handovers: 1 }), at({ users: 1, changes: 2, handovers: 1 }))
  t.false(drain.isDone, 'what was handed over is a change again')
  drain.advance(at({ users: 1, changes: 2, handovers: 1 }), at({ users: 1, changes: 2, handovers: 1 }))
  t.true(drain.isDone)
})

test('the lag is what lies between the positions and the ends', t => {
  t.is(lagOf(at({ events: 4 }), at({ events: 10, orders: 2 }), ['events', 'orders']), 8)
})
