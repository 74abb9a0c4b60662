import test from 'ava'
import { MemoryStore } from '../../engine/stores/memory-store.ts'
import { baskets } from '../../schemas/topics.ts'
import { fixtureNow, ShopFixture, viewIdOf } from '../testing/shop-fixture.ts'
import { OrderScan } from './order-scan.ts'

const day = 86_400_000

/** 200 orders of ann and others: three pages and a bit. */
function shopOf() {
  const fixture = new ShopFixture(new MemoryStore()).user('ann', { orders: 3 })
  for (const id of ['milk', 'bread', 'lamp', 'nail']) fixture.product(id)
  const ts = fixtureNow - 40 * day
  for (let i = 0; i < 200; i++) fixture.order(`o${1000 + i}`, i % 50 === 0 ? 'ann' : `c${i}`, ['milk', 'bread'], { ts })
  return fixture
}

const email = { surface: 'email', user_id: 'ann' } as const

test('what changes between two slices, before or behind where they stand, is as in an index that is built at once', t => {
  const fixture = shopOf()
  const running = fixture.start({ readOrders: false })
  const { orderScan } = running.views
  t.true(orderScan.read(0))
  t.is(orderScan.count, 64)
  for (const id of ['o1000', 'o1150']) fixture.order(id, 'ann', ['lamp'], { ts: fixtureNow - 30 * day })
  for (const id of ['o1001', 'o1151']) fixture.remove(baskets, id)
  fixture.order('o1002', 'c2', ['nail'], { counts: false }).order('o0999', 'ann', ['nail'])
  running.sync()
  while (orderScan.read(0));
  const built = fixture.start().views.shop.orders.index
  const { index } = running.views.shop.orders
  t.is(index.baskets, built.baskets)
  for (const customer of ['ann', ...Array.from({ length: 200 }, (_, i) => `c${i}`)]) {
    const ids = (of: typeof index) =>
      of.basketsOf(customer).map(({ id, items }) => [id, ...[...items].map(item => of.ids.ids[item])])
    t.deepEqual(ids(index), ids(built), customer)
  }
  for (const id of ['milk', 'bread', 'lamp', 'nail']) {
    t.is(index.orders[index.itemOf(id)], built.orders[built.itemOf(id)], id)
  }
})

test('until all orders are read an e-mail is answered as for anybody, and says so', t => {
  const running = shopOf().start({ readOrders: false })
  const { orderScan } = running.views
  t.is(running.ask(email).retrieval.name, 'blend')
  t.true(orderScan.read(0))
  t.is(running.ask(email).retrieval.name, 'blend')
  while (orderScan.read(0));
  t.is(running.ask(email).retrieval.name, 'basket')
})

const scanOf = (rows: number, more: Partial<ConstructorParameters<typeof OrderScan>[0]> = {}) => {
  const store = new MemoryStore()
  const fixture = new ShopFixture(store)
  for (let i = 0; i < rows; i++) fixture.order(`o${1000 + i}`, 'ann', ['milk'])
  const put: string[] = []
  const scan = new OrderScan({ store, viewIdOf, put: id => put.push(id), onComplete: () => {}, ...more })
  return { scan, put }
}

test('a scan goes on by itself, lets others have their turn, and says how far it is', async t => {
  const slow = (id: string) => {
    put.push(id)
    const until = performance.now() + 0.1
    while (performance.now() < until);
  }
  const put: string[] = []
  const { scan } = scanOf(300, { put: slow })
  const seen: number[] = []
  scan.onProgress = () => seen.push(scan.count)
  scan.start()
  t.is(scan.count, 64, 'of the first turn')
  await scan.completed
  t.deepEqual([scan.count, new Set(put).size], [300, 300])
  t.deepEqual(seen, [64, 128, 192, 256, 300])
})

test('where nobody has ordered yet it is complete at once', async t => {
  const { scan, put } = scanOf(3, { viewIdOf: () => undefined })
  scan.start()
  await scan.completed
  t.deepEqual(put, [])
})

test('once closed it asks the store no more', async t => {
  const { scan, put } = scanOf(300)
  t.true(scan.read(0))
  scan.close()
  scan.start()
  await new Promise(resolve => setImmediate(resolve))
  t.is(put.length, 64)
})
