import test from 'ava'
import fc from 'fast-check'
import { MemoryStore } from '../../engine/stores/memory-store.ts'
import { type Rules, surfaces } from '../../schemas/http.ts'
import type { CatalogItem } from '../../schemas/views.ts'
import { fixtureNow, type RunningShop, ShopFixture } from '../testing/shop-fixture.ts'

const day = 86_400_000
const paths = [null, 'A', 'A > B', 'A > B > C', 'D', 'D > E']
const ids = Array.from({ length: 60 }, (_, i) => `i${i}`)

interface Product {
  category: string | null
  price: number | null
  stock: number | null
  active: boolean
  group: number
  regions: string[] | null
  popularity: number
}

const product: fc.Arbitrary<Product> = fc.record({
  category: fc.constantFrom(...paths),
  price: fc.option(fc.integer({ min: 1, max: 900 })),
  stock: fc.option(fc.integer({ min: 0, max: 2 })),
  active: fc.boolean(),
  group: fc.integer({ min: 0, max: 20 }),
  regions: fc.option(fc.subarray(['DE', 'FR']), { freq: 4 }),
  popularity: fc.integer({ min: 0, max: 50 })
})

const someIds = fc.subarray(ids, { maxLength: 12 })

const query = fc.record(
  {
    surface: fc.constantFrom(...surfaces),
    limit: fc.integer({ min: 1, max: 100 }),
    items: someIds,
    session: someIds,
    user_id: fc.constantFrom('u', 'nobody'),
    region: fc.constantFrom('DE', 'FR', 'IT'),
    relation: fc.constantFrom<'similar' | 'bought_together'>('similar', 'bought_together'),
    rules: fc.record(
      {
        in_stock: fc.boolean(),
        price_min: fc.integer({ min: 0, max: 300 }),
        price_max: fc.integer({ min: 100, max: 900 }),
        categories: fc.subarray(['A', 'A > B', 'A > B > C', 'D', 'X'], { minLength: 1 }),
        exclude_items: someIds,
        exclude_purchased_days: fc.integer({ min: 0, max: 20 }),
        max_per_category: fc.integer({ min: 1, max: 5 })
      },
      { requiredKeys: [] }
    )
  },
  { requiredKeys: ['surface', 'limit'] }
)

type Asked = typeof query extends fc.Arbitrary<infer Q> ? Q : never

/** Of one group all variants are in one category, as its number says, so that a cap per category has one best answer. */
function fill(fixture: ShopFixture, products: Product[], neighbours: [number, number][]): Map<string, CatalogItem> {
  const rows = new Map<string, CatalogItem>()
  products.forEach((one, i) => {
    const id = ids[i]
    const first = products.find(other => other.group === one.group) as Product
    const row = {
      category: first.category,
      price: one.price,
      stock: one.stock,
      active: one.active,
      group_id: `g${one.group}`,
      available_in: one.regions
    }
    fixture.product(id, row)
    if (one.popularity > 0) fixture.features(id, one.popularity)
    rows.set(id, row as CatalogItem)
  })
  const lists = new Map<string, Record<string, number>>()
  for (const [from, to] of neighbours) lists.set(ids[from], { ...lists.get(ids[from]), [ids[to]]: 1 / (1 + to) })
  for (const [id, list] of lists) fixture.similar(id, list, list).together(id, list)
  fixture.user('u', {
    seen: [{ product_id: 'i3', ts: fixtureNow }],
    bought: [{ product_id: 'i1', ts: fixtureNow - 5 * day, count: 1 }],
    dismissed: [{ product_id: 'i2', ts: fixtureNow - 5 * day }],
    categories: [{ name: 'A', score: 1 }]
  })
  return rows
}

/** What others opened in their visits. */
function walk({ views }: RunningShop, ways: readonly (readonly number[])[]): void {
  for (const [visit, way] of ways.entries()) {
    for (const [position, item] of way.entries()) {
      const step = { session: `v${visit}`, product_id: ids[item], event_type: 'view' as const, position }
      views.shop.visits.observe({ ...step, ts: fixtureNow - 60_000 * visit }, visit * 10 + position)
    }
  }
}

/** The rules once more, one by one and slowly. */
function isEligible(id: string, row: CatalogItem, asked: Asked, rows: Map<string, CatalogItem>): boolean {
  const rules: Rules = asked.rules ?? {}
  const { category, price, stock } = row
  const isUser = asked.user_id === 'u'
  const days = rules.exclude_purchased_days ?? { home: 30, product: 0, cart: 30, email: 14 }[asked.surface]
  const around =
    asked.surface === 'product'
      ? knownOf(asked, rows).slice(0, 1)
      : asked.surface === 'cart'
        ? knownOf(asked, rows)
        : []
  return (
    row.active &&
    !((rules.in_stock ?? true) && stock === 0) &&
    (rules.price_min === undefined || (price !== null && price >= rules.price_min)) &&
    (rules.price_max === undefined || (price !== null && price <= rules.price_max)) &&
    (rules.categories?.some(path => category === path || category?.startsWith(`${path} >`)) ?? true) &&
    !rules.exclude_items?.includes(id) &&
    !(isUser && id === 'i2') &&
    !(isUser && id === 'i1' && days >= 5) &&
    (asked.region === undefined || row.available_in === null || row.available_in.includes(asked.region)) &&
    !around.some(other => rows.get(other)?.group_id === row.group_id)
  )
}

const knownOf = ({ items = [] }: Asked, rows: Map<string, CatalogItem>) => items.filter(id => rows.has(id))

/** How long a list can be: one per group, so many per category. */
function longest(eligible: CatalogItem[], cap: number | undefined): number {
  const groups = new Map(eligible.map(row => [row.group_id, row.category]))
  const perCategory = new Map<string | null, number>()
  for (const category of groups.values()) perCategory.set(category, (perCategory.get(category) ?? 0) + 1)
  let sum = 0
  for (const [category, size] of perCategory) sum += category === null ? size : Math.min(size, cap ?? size)
  return sum
}

test('a list is as long as asked for, or as long as the rules allow: eligible items only, none twice, one per product', t => {
  const pair = fc.tuple(fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 59 }))
  const products = fc.array(product, { minLength: 1, maxLength: 60 })
  const way = fc.array(fc.integer({ min: 0, max: 59 }), { minLength: 2, maxLength: 6 })
  fc.assert(
    fc.property(
      products,
      fc.array(pair, { maxLength: 80 }),
      fc.array(query, { minLength: 1, maxLength: 4 }),
      fc.array(way, { maxLength: 30 }),
      (all, pairs, queries, ways) => {
        const fixture = new ShopFixture(new MemoryStore())
        const rows = fill(fixture, all, pairs)
        const running = fixture.start({ consentDefault: true })
        walk(running, ways)
        for (const asked of queries) {
          const items = running.ids(asked)
          const eligible = [...rows].filter(([id, row]) => isEligible(id, row, asked, rows))
          const length = Math.min(
            asked.limit,
            longest(
              eligible.map(([, row]) => row),
              asked.rules?.max_per_category
            )
          )
          const allowed = new Set(eligible.map(([id]) => id))
          t.true(
            items.every(id => allowed.has(id)),
            'all are eligible'
          )
          t.is(new Set(items.map(id => rows.get(id)?.group_id)).size, items.length, 'one per product')
          t.is(items.length, length, JSON.stringify(asked))
        }
      }
    ),
    { numRuns: 400 }
  )
})

test('also in a large shop behind a narrow filter, whatever is popular', t => {
  const fixture = new ShopFixture(new MemoryStore())
  for (let i = 0; i < 3000; i++) {
    const id = `p${i}`
    fixture.product(id, { category: i % 300 === 7 ? 'Rare' : 'Common', price: i % 500 === 3 ? 777 : 5 })
    if (i % 300 !== 7 && i % 500 !== 3) fixture.features(id, 1 + i)
  }
  const running = fixture.start()
  t.is(running.ids({ rules: { categories: ['Rare'] } }).length, 10)
  t.is(running.ids({ rules: { price_min: 700 } }).length, 6)
  t.is(running.ids({ rules: { exclude_items: running.ids({ limit: 100 }) }, limit: 100 }).length, 100)
})

test('also when all that comes first is of one category, and no more of it is wanted', t => {
  const fixture = new ShopFixture(new MemoryStore())
  for (let i = 0; i < 500; i++) fixture.product(`a${i}`, { category: 'Common' })
  for (let i = 0; i < 60; i++) fixture.product(`z${i}`, { category: `Own ${i}` })
  t.is(fixture.start().ids({ rules: { max_per_category: 1 }, limit: 61 }).length, 61)
})
