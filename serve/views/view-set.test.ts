import test from 'ava'
import { MemoryStore } from '../../engine/stores/memory-store.ts'
import { itemCatalog, itemFeatures } from '../../schemas/topics.ts'
import { ShopFixture } from '../testing/shop-fixture.ts'
import { buildSyntheticShop } from '../testing/synthetic-shop.ts'

test('what is built from the store equals what changes built', t => {
  const empty = new ShopFixture(new MemoryStore())
  const followed = empty.start()
  buildSyntheticShop(empty, { items: 2500, visitors: 5, seed: 3 })
  empty.product('sku_000003', { stock: 0 }).remove(itemCatalog, 'sku_000004').remove(itemFeatures, 'sku_000005')
  followed.sync()
  const built = empty.start()
  for (const query of [{}, { surface: 'email' as const, user_id: 'u_1' }, { rules: { categories: ['C3'] } }]) {
    t.deepEqual(followed.ids({ ...query, limit: 100 }), built.ids({ ...query, limit: 100 }))
  }
})

test('a product that moves to another category leaves the lists of the one before', t => {
  const fixture = new ShopFixture(new MemoryStore())
  const shop = fixture.product('a', { category: 'Old' }).features('a', 1).start()
  const { catalog, popular } = shop.views.shop
  const popularIn = (category: string) =>
    popular.ranked('week', 'category', catalog.categories.find(category), shop.now).items.length
  t.is(popularIn('Old'), 1)
  fixture.product('a', { category: 'New' })
  shop.sync()
  t.deepEqual([popularIn('Old'), popularIn('New')], [0, 1])
})

test('ids that only events name are numbered up to a bound, and the catalog’s always', t => {
  const fixture = new ShopFixture(new MemoryStore()).product('known')
  for (let i = 0; i < 20; i++) fixture.features(`sent by anybody ${i}`, 5)
  fixture.features('zz late', 9).user('u', { seen: [{ product_id: 'zz late', ts: 1 }] })
  const shop = fixture.start({ strangersMax: 10 })
  t.is(shop.views.shop.catalog.items.count, 11)
  t.deepEqual(shop.ids({ user_id: 'u' }), ['known'])
  fixture.product('zz late')
  shop.sync()
  t.is(shop.views.shop.catalog.items.count, 12)
  t.deepEqual(shop.ids({}), ['zz late', 'known'], 'with the popularity it had all along')
})

test('tells whose answers a change concerns', t => {
  const fixture = new ShopFixture(new MemoryStore())
  const shop = fixture.start()
  fixture.product('a').features('a', 1).session('s', ['a']).user('u').identity('d', 'u').similar('a', {})
  const { sessions, users, items } = shop.sync()
  t.deepEqual([...items], ['a'])
  t.deepEqual([...sessions].sort(), ['d', 's', 'u'])
  t.deepEqual([...users].sort(), ['d', 's', 'u'])
})

test('a change applied twice changes nothing', t => {
  const fixture = new ShopFixture(new MemoryStore())
  const shop = fixture.start()
  fixture.product('a', { category: 'C' }).product('b', { category: 'C' }).features('a', 1).features('b', 2)
  const changes = [...fixture.changes]
  shop.sync()
  shop.views.apply(changes)
  t.deepEqual(shop.ids({}), ['b', 'a'])
})

test('finds products by their titles, the popular first; all popular ones for no text', t => {
  const fixture = new ShopFixture(new MemoryStore())
  fixture.product('a', { title: 'Red cup' }).product('b', { title: 'Blue cup' }).product('c', { title: 'Plate' })
  fixture.features('a', 1).features('b', 2).features('c', 3)
  const { views } = fixture.start()
  const found = (text: string, limit?: number) => views.search(text, limit).map(({ product_id }) => product_id)
  t.deepEqual(found('cup'), ['b', 'a'])
  t.deepEqual(found('red cu'), ['a'])
  t.deepEqual(found(''), ['c', 'b', 'a'])
  t.deepEqual(found('', 1), ['c'])
})

test('4,000 products are ready in well under a second', t => {
  const fixture = new ShopFixture(new MemoryStore())
  buildSyntheticShop(fixture, { items: 4000, visitors: 1, seed: 5 })
  const start = performance.now()
  fixture.start()
  const tookMs = performance.now() - start
  t.log(`${Math.round(tookMs)} ms`)
  t.true(tookMs < 1000)
})

test('features are as they were written', t => {
  const fixture = new ShopFixture(new MemoryStore())
  const { recommender } = fixture.features('a', 2).user('u', { orders: 4 }).identity('device', 'u').start()
  t.is(recommender.productFeatures('a')?.organic[0], 2)
  t.is(recommender.productFeatures('b'), null)
  t.is(recommender.userFeatures('u')?.orders, 4)
  t.is(recommender.userFeatures('device')?.orders, 4)
  t.is(recommender.userFeatures('nobody'), null)
})
