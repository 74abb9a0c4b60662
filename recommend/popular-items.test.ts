import test from 'ava'
import { halfLives, type ItemFeatures } from '../schemas/views.ts'
import { Catalog } from './catalog.ts'
import { PopularItems } from './popular-items.ts'

const day = 86_400_000
const start = 1_800_000_000_000

function features(organic: number, as_of: number, row: Partial<ItemFeatures> = {}): ItemFeatures {
  const all: ItemFeatures['organic'] = [organic, organic, organic, organic]
  const counts = { views: 0, clicks: 0, carts: 0, purchases: 0, units: 0 }
  const rest = {
    buyers: 0,
    reorder_rate: null,
    trend: 1,
    conversion: null,
    price_band: null,
    first_seen: as_of,
    last_seen: as_of
  }
  return { as_of, popularity: all, organic: all, ...counts, ...rest, ...row }
}

function shopOf(rows: Record<string, { category?: string; price?: number }>) {
  const catalog = new Catalog()
  const popular = new PopularItems(catalog)
  for (const [product_id, { category = null, price = 5 }] of Object.entries(rows)) {
    const base = { title: product_id, brand: null, currency: null, stock: null, active: true, group_id: product_id }
    const limits = { image_url: null, available_in: null, available_from: null, available_until: null }
    const row = { product_id, category, price, created_at: null, updated_at: start, ...base, ...limits }
    popular.touch(catalog.put(row))
  }
  const names = (items: Int32Array) => [...items].map(item => catalog.items.nameOf(item))
  return { catalog, popular, names }
}

test('orders by popularity decayed to one time, whenever each was last counted', t => {
  const { catalog, popular, names } = shopOf({ a: {}, b: {}, c: {} })
  // Two weeks and two half-lives later 8 has become 2.
  popular.update(catalog.items.find('a'), features(8, start))
  popular.update(catalog.items.find('b'), features(3, start + 2 * halfLives['7d']))
  popular.update(catalog.items.find('c'), features(1, start + 2 * halfLives['7d']))
  const { items, shares } = popular.ranked('week', 'all', 0, start + 30 * day)
  t.deepEqual(names(items), ['b', 'a', 'c'])
  t.true(Math.abs(shares[1] - Math.sqrt(2 / 3)) < 1e-6)
})

test('a category has what is in the categories below it', t => {
  const { catalog, popular, names } = shopOf({
    cup: { category: 'Kitchen > Cups' },
    pan: { category: 'Kitchen > Pans' },
    rake: { category: 'Garden' }
  })
  for (const id of ['cup', 'pan', 'rake']) popular.update(catalog.items.find(id), features(id.length, start))
  const kitchen = catalog.categories.find('Kitchen')
  t.deepEqual(names(popular.ranked('week', 'category', kitchen, start).items), ['cup', 'pan'])
})

test('a list shows news a moment later, and not before it is asked', t => {
  const { catalog, popular, names } = shopOf({ a: {}, b: {} })
  popular.update(catalog.items.find('a'), features(2, start))
  t.deepEqual(names(popular.ranked('week', 'all', 0, start).items), ['a'])
  popular.update(catalog.items.find('b'), features(3, start))
  t.deepEqual(names(popular.ranked('week', 'all', 0, start + 1).items), ['a'])
  t.deepEqual(names(popular.ranked('week', 'all', 0, start + 100).items), ['b', 'a'])
})

test('trending is what has much of its month in the last day', t => {
  const { catalog, popular, names } = shopOf({ old: {}, hot: {} })
  popular.update(catalog.items.find('old'), features(0, start, { organic: [1, 10, 70, 300] }))
  popular.update(catalog.items.find('hot'), features(0, start, { organic: [1, 10, 12, 13] }))
  t.deepEqual(names(popular.ranked('trending', 'all', 0, start).items), ['hot', 'old'])
  t.deepEqual(names(popular.ranked('month', 'all', 0, start).items), ['old', 'hot'])
})

test('what nobody wanted is in no list of popular items', t => {
  const { popular } = shopOf({ a: {}, b: {} })
  t.is(popular.ranked('week', 'all', 0, start).items.length, 0)
  t.is(popular.ranked('week', 'brand', -1, start).items.length, 0)
})

test('a removed item leaves its lists', t => {
  const { catalog, popular, names } = shopOf({ a: {}, b: {} })
  for (const id of ['a', 'b']) popular.update(catalog.items.find(id), features(1, start))
  t.deepEqual(names(popular.ranked('week', 'all', 0, start).items), ['a', 'b'])
  popular.touch(catalog.remove('a'))
  t.deepEqual(names(popular.ranked('week', 'all', 0, start + 1000).items), ['b'])
})
