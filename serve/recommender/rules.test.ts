import test from 'ava'
import { MemoryStore } from '../../engine/stores/memory-store.ts'
import type { CatalogItem } from '../../schemas/views.ts'
import { fixtureNow, ShopFixture } from '../testing/shop-fixture.ts'

const day = 86_400_000
const shop = () => new ShopFixture(new MemoryStore())
/** A shop of `yes` and the product in question. */
const beside = (row: Partial<CatalogItem>) => shop().product('yes').product('no', row)

test('in_stock: what is sold out is left out unless asked for; an unknown stock will do', t => {
  const running = beside({ stock: 0 }).product('one left', { stock: 1 }).start()
  t.deepEqual(running.ids({}), ['one left', 'yes'])
  t.deepEqual(running.ids({ rules: { in_stock: false } }), ['no', 'one left', 'yes'])
})

test('an inactive product is never shown, nor one the catalog no longer has', t => {
  t.deepEqual(
    beside({ active: false })
      .start()
      .ids({ rules: { in_stock: false } }),
    ['yes']
  )
})

test('price_min and price_max include their ends; without a price neither is met', t => {
  const fixture = shop().product('1', { price: 1 }).product('2', { price: 2 }).product('3', { price: 3 })
  const running = fixture.product('?', { price: null }).start()
  t.deepEqual(running.ids({ rules: { price_min: 2 } }), ['2', '3'])
  t.deepEqual(running.ids({ rules: { price_max: 2 } }), ['1', '2'])
  t.deepEqual(running.ids({ rules: { price_min: 2, price_max: 2 } }), ['2'])
  t.deepEqual(running.ids({ rules: { price_min: 3, price_max: 2 } }), [])
})

test('categories include what is below them; an unknown one has nothing', t => {
  const fixture = shop().product('cup', { category: 'Kitchen > Cups' }).product('pan', { category: 'Kitchen' })
  const running = fixture.product('rake', { category: 'Garden' }).product('thing').start()
  t.deepEqual(running.ids({ rules: { categories: ['Kitchen'] } }), ['cup', 'pan'])
  t.deepEqual(running.ids({ rules: { categories: ['Kitchen>Cups', 'Garden'] } }), ['cup', 'rake'])
  t.deepEqual(running.ids({ rules: { categories: ['Kitchen', 'Kitchen > Cups'] } }), ['cup', 'pan'])
  t.deepEqual(running.ids({ rules: { categories: ['Attic'] } }), [])
})

test('exclude_items leaves out exactly these', t => {
  t.deepEqual(
    beside({})
      .start()
      .ids({ rules: { exclude_items: ['no', 'never heard of'] } }),
    ['yes']
  )
})

test('home and cart leave out what was bought in the last 30 days, but for what is bought again and again', t => {
  const bought = (product_id: string, daysAgo: number, count: number) => ({
    product_id,
    ts: fixtureNow - daysAgo * day,
    count
  })
  const fixture = shop().product('kettle').product('coffee').product('lamp')
  fixture.user('u', { bought: [bought('kettle', 2, 1), bought('coffee', 3, 4), bought('lamp', 31, 1)] })
  const running = fixture.start()
  t.deepEqual(running.ids({ user_id: 'u' }).sort(), ['coffee', 'lamp'])
  t.deepEqual(running.ids({ surface: 'cart', user_id: 'u' }).sort(), ['coffee', 'lamp'])
  t.deepEqual(running.ids({ user_id: 'u', rules: { exclude_purchased_days: 30 } }), ['lamp'], 'asked for, it is meant')
  t.is(running.ids({ user_id: 'u', rules: { exclude_purchased_days: 0 } }).length, 3)
})

test('once enough people have bought an item, how many came back for it decides whether it is hidden', t => {
  const fixture = shop().product('milk').product('lamp').product('rare')
  fixture.features('milk', 1, { buyers: 20, reorder_rate: 0.3 }).features('lamp', 1, { buyers: 20, reorder_rate: 0.1 })
  fixture.features('rare', 1, { buyers: 2, reorder_rate: 1 })
  const bought = (product_id: string, count: number) => ({ product_id, ts: fixtureNow - day, count })
  fixture.user('u', { bought: [bought('milk', 1), bought('lamp', 2), bought('rare', 1)] })
  const running = fixture.start()
  t.deepEqual(running.ids({ user_id: 'u' }), ['milk'])
  t.deepEqual(running.ids({ surface: 'cart', user_id: 'u' }), ['milk'])
  fixture.features('lamp', 1, { buyers: 20, reorder_rate: 0.25 })
  running.sync()
  t.deepEqual(running.ids({ user_id: 'u' }).sort(), ['lamp', 'milk'])
})

test('exclude_purchased_days looks back so many days', t => {
  const fixture = shop().product('recent').product('past').product('never')
  fixture.user('u', {
    bought: [
      { product_id: 'recent', ts: fixtureNow - 3 * day, count: 1 },
      { product_id: 'past', ts: fixtureNow - 30 * day, count: 1 }
    ]
  })
  const running = fixture.start()
  const sorted = (days?: number) =>
    running
      .ids({ user_id: 'u', rules: { exclude_purchased_days: days } })
      .sort()
      .join(' ')
  t.is(sorted(0), 'never past recent')
  t.is(sorted(7), 'never past')
  t.is(sorted(60), 'never')
})

test('max_per_category counts the category itself; products without one are not counted', t => {
  const fixture = shop().product('plain 1').product('plain 2').product('other', { category: 'B' })
  for (const id of ['a1', 'a2', 'a3']) fixture.product(id, { category: 'A' }).features(id, 9)
  const ids = fixture.start().ids({ rules: { max_per_category: 1 } })
  t.deepEqual(ids, ['a1', 'other', 'plain 1', 'plain 2'])
})

test('available_in: shown where it is sold, and where the region is not known', t => {
  const fixture = beside({ available_in: ['DE', 'AT'] })
    .user('fr', { country: 'FR' })
    .user('at', { country: 'at' })
  const running = fixture.start()
  t.deepEqual(running.ids({}), ['no', 'yes'])
  t.deepEqual(running.ids({ region: 'de' }), ['no', 'yes'])
  t.deepEqual(running.ids({ region: 'FR' }), ['yes'])
  t.deepEqual(running.ids({ user_id: 'fr' }), ['yes'], 'a person is where their country is')
  t.deepEqual(running.ids({ user_id: 'at' }), ['no', 'yes'])
  t.deepEqual(running.ids({ user_id: 'fr', region: 'DE' }), ['no', 'yes'])
})

test('available_from and available_until: from the first moment to before the last', t => {
  const fixture = beside({ available_from: fixtureNow + 10, available_until: fixtureNow + 20 })
  const running = fixture.start()
  const at = (offset: number) => {
    running.now = fixtureNow + offset
    return running.ids({}).includes('no')
  }
  t.deepEqual([9, 10, 19, 20].map(at), [false, true, true, false])
})

test('what was dismissed is hidden for 90 days', t => {
  const fixture = beside({}).user('u', { dismissed: [{ product_id: 'no', ts: fixtureNow - 89 * day }] })
  const running = fixture.session('s', [], { dismissed: ['no'] }).start()
  t.deepEqual(running.ids({ user_id: 'u' }), ['yes'])
  t.deepEqual(running.ids({ session_id: 's' }), ['yes'])
  running.now += 2 * day
  t.deepEqual(running.ids({ user_id: 'u' }), ['no', 'yes'])
})

test('blocked items and categories are nowhere', t => {
  const fixture = beside({}).product('cup', { category: 'Kitchen > Cups' })
  const restrictions = { blockedItems: ['no'], blockedCategories: ['Kitchen'], sensitiveCategories: [] }
  const running = fixture.start({ restrictions })
  t.deepEqual(running.ids({}), ['yes'])
  running.views.restrict({ blockedItems: [], blockedCategories: [], sensitiveCategories: [] })
  t.deepEqual(running.ids({}), ['cup', 'no', 'yes'])
})

const sensitive = { blockedItems: [], blockedCategories: [], sensitiveCategories: ['Health > Intimate'] }

function sensitiveShop() {
  const fixture = shop().product('private', { category: 'Health > Intimate', title: 'Private thing' })
  fixture.product('private 2', { category: 'Health > Intimate', title: 'Private thing two' }).product('tea')
  fixture.features('private', 99).similar('private', { tea: 0.9 }).similar('tea', { private: 0.9 })
  fixture.together('tea', { private: 0.9 }).user('u', { categories: [{ name: 'Health > Intimate', score: 5 }] })
  return fixture.session('s', ['tea', 'private']).start({ restrictions: sensitive })
}

test('a sensitive category is in nobody’s list, and leads nowhere', t => {
  const running = sensitiveShop()
  for (const surface of ['home', 'product', 'cart', 'email'] as const) {
    const answer = running.ask({ surface, user_id: 'u', session_id: 's', items: surface === 'home' ? [] : ['tea'] })
    t.false(JSON.stringify(answer).toLowerCase().includes('private'), surface)
    t.false(JSON.stringify(answer).includes('Intimate'), surface)
  }
})

test('a sensitive thing in the cart leads nowhere, not even by its brand', t => {
  const fixture = shop().product('private', { category: 'Health > Intimate', brand: 'Acme' })
  fixture.product('alike', { brand: 'Acme' })
  const answer = fixture.start({ restrictions: sensitive }).ask({ surface: 'cart', items: ['private'] })
  t.deepEqual(
    answer.items.map(item => item.reasons),
    [[{ code: 'fills_list' }]]
  )
})

test('a sensitive category is shown to who asks for it by name, without naming it as a reason', t => {
  const running = sensitiveShop()
  const answer = running.ask({ user_id: 'u', session_id: 's', rules: { categories: ['Health > Intimate'] } })
  t.deepEqual(
    answer.items.map(item => item.product_id),
    ['private', 'private 2']
  )
  t.deepEqual(
    answer.items.map(item => item.reasons),
    [[{ code: 'fills_list' }], [{ code: 'fills_list' }]]
  )
  t.deepEqual(running.ids({ rules: { categories: ['Health'] } }), [], 'its parent does not name it')
  t.deepEqual(running.ids({ surface: 'email', rules: { categories: ['Health > Intimate'] } }), [])
})

test('next to a sensitive product stands what resembles it, without a word of why', t => {
  const { items } = sensitiveShop().ask({ surface: 'product', items: ['private'] })
  t.deepEqual(items[0].product_id, 'private 2')
  t.deepEqual(items[0].reasons, [{ code: 'similar_content' }])
})
