import { EventEmitter } from 'node:events'
import test from 'ava'
import { MemoryStore } from '../../engine/stores/memory-store.ts'
import type { Readiness } from '../ports.ts'
import { ShopFixture, viewIdOf } from '../testing/shop-fixture.ts'
import { ViewSet } from '../views/view-set.ts'
import { ReplicaViews } from './replica-views.ts'
import type { ViewEvent } from './view-messages.ts'

/** A replica whose reading thread has written `orders` orders. */
function caughtUp(orders: number) {
  const store = new MemoryStore()
  const fixture = new ShopFixture(store)
  for (let i = 0; i < orders; i++) fixture.order(`o${i}`, 'ann', ['tea'])
  const views = new ViewSet({ store, viewIdOf })
  const thread = new EventEmitter()
  const told: Readiness[] = []
  const replica = new ReplicaViews({
    peer: Object.assign(thread, { postMessage: () => {} }),
    freshness: { setReady: (readiness: Readiness) => told.push(readiness), applied: () => {} } as never,
    answers: { views, feed: { rows: () => {}, publish: () => {} } },
    visits: { arrived: () => {}, report: () => {} },
    metrics: { set: () => {} },
    say: () => {}
  })
  thread.emit('message', { type: 'caught-up', read: orders, positions: [] } as unknown as ViewEvent)
  return { replica, views, told }
}

test('a replica is ready when all orders are read as well, and says until then how many are', async t => {
  const { views, told } = caughtUp(5_000)
  t.deepEqual(told, [{ ready: false, detail: `reading orders: ${views.orderScan.count} so far` }])
  t.true(views.orderScan.count < 5_000)
  await views.orderScan.completed
  await new Promise(resolve => setImmediate(resolve))
  t.deepEqual(told.at(-1), { ready: true, detail: 'answering' })
  t.true(views.shop.orders.isComplete)
  t.is(views.orderScan.count, 5_000)
})

test('one that is stopped meanwhile reads no more of its store, and is never ready', async t => {
  const { replica, views, told } = caughtUp(5_000)
  const { count } = views.orderScan
  replica.stop()
  await new Promise(resolve => setTimeout(resolve, 20))
  t.is(views.orderScan.count, count)
  t.true(told.every(({ ready }) => !ready))
})
