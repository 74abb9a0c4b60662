import test from 'ava'
import { MemoryStore } from '../../engine/stores/memory-store.ts'
import { fixtureNow, ShopFixture } from '../testing/shop-fixture.ts'
import { buildSyntheticShop } from '../testing/synthetic-shop.ts'

const shop = () => new ShopFixture(new MemoryStore())
const products = (fixture: ShopFixture, ...ids: string[]) => ids.reduce((all, id) => all.product(id), fixture)
const day = 86_400_000

test('an empty shop gives an empty list on every surface, which is a fallback', t => {
  const running = shop().start()
  for (const surface of ['home', 'product', 'cart', 'email'] as const) {
    const answer = running.ask({ surface, user_id: 'u', session_id: 's', items: ['x'] })
    t.deepEqual(answer.items, [])
    t.true(answer.fallback)
    t.false(answer.partial)
  }
})

test('an unknown visitor gets what is popular, most popular first, and it is a fallback', t => {
  const fixture = products(shop(), 'a', 'b', 'c').features('a', 1).features('b', 3).features('c', 2)
  const answer = fixture.start().ask({ user_id: 'never seen', session_id: 'never seen' })
  t.deepEqual(
    answer.items.map(item => item.product_id),
    ['b', 'c', 'a']
  )
  t.true(answer.fallback)
  t.deepEqual(answer.retrieval, { name: 'blend', version: 0 })
  t.true(answer.items.every(item => item.reasons.length > 0))
})

test('an item carries position, title and price of the catalog; without a price there is none', t => {
  const fixture = shop().product('a', { title: 'Cup', price: 4.5 }).product('b', { title: 'Plate', price: null })
  const [first, second] = fixture.features('a', 2).features('b', 1).start().ask({ position_from: 21 }).items
  t.like(first, { product_id: 'a', position: 21, title: 'Cup', price: 4.5 })
  t.like(second, { product_id: 'b', position: 22, title: 'Plate' })
  t.is(second.price, undefined)
})

test('home follows the visit: neighbours of what was just looked at come first and say so', t => {
  const fixture = products(shop(), 'seen', 'near', 'popular').features('popular', 50).similar('seen', { near: 0.5 })
  const answer = fixture.session('s', ['seen']).start().ask({ session_id: 's' })
  t.is(answer.items[0].product_id, 'near')
  t.deepEqual(answer.items[0].reasons[0], { code: 'similar_to_viewed', product_id: 'seen' })
  t.false(answer.fallback)
})

test('the newest item of a visit weighs most', t => {
  const fixture = products(shop(), 'old', 'new', 'like_old', 'like_new')
  fixture.similar('old', { like_old: 0.5 }).similar('new', { like_new: 0.5 })
  const running = fixture.session('s', ['old', 'new']).start()
  t.deepEqual(running.ids({ session_id: 's' }).slice(0, 2), ['like_new', 'like_old'])
})

test('a caller that keeps sessions itself is followed like one that does not', t => {
  const fixture = products(shop(), 'old', 'new', 'like_old', 'like_new')
  fixture.similar('old', { like_old: 0.5 }).similar('new', { like_new: 0.5 })
  t.deepEqual(
    fixture
      .start()
      .ids({ session: ['old', 'new'] })
      .slice(0, 2),
    ['like_new', 'like_old']
  )
})

test('an empty visit is stood in for by the last items of the user', t => {
  const fixture = products(shop(), 'seen', 'near', 'other').similar('seen', { near: 0.5 })
  fixture.user('u', { seen: [{ product_id: 'seen', ts: fixtureNow - 20 * day }] })
  t.is(fixture.start().ids({ user_id: 'u', session_id: 'fresh' })[0], 'near')
})

test('what a person likes shapes home: category, brand and price band', t => {
  const fixture = shop().product('cup', { category: 'Kitchen > Cups' }).product('rake', { category: 'Garden' })
  fixture.features('cup', 1).features('rake', 1.5)
  fixture.user('u', { categories: [{ name: 'Kitchen', score: 3 }] })
  const [first] = fixture.start().ask({ user_id: 'u' }).items
  t.is(first.product_id, 'cup')
  t.deepEqual(first.reasons[0], { code: 'because_of_affinity', category: 'Kitchen' })
})

test('product shows neighbours, never the product itself or its variants', t => {
  const fixture = products(shop(), 'near', 'far')
    .product('red', { group_id: 'shirt' })
    .product('blue', { group_id: 'shirt' })
  fixture.similar('red', { blue: 0.9, near: 0.5 }).features('red', 9).features('blue', 9).features('far', 1)
  t.deepEqual(fixture.start().ids({ surface: 'product', items: ['red'] }), ['near', 'far'])
})

test('a product nobody has looked at yet is followed by what resembles it', t => {
  const fixture = shop()
    .product('cold', { title: 'Red tea cup', category: 'Kitchen > Cups', brand: 'Acme' })
    .product('alike', { title: 'Blue tea cup', category: 'Kitchen > Cups', brand: 'Acme' })
    .product('other', { title: 'Garden rake', category: 'Garden', price: 900 })
  const answer = fixture
    .features('other', 100)
    .start()
    .ask({ surface: 'product', items: ['cold'] })
  t.is(answer.items[0].product_id, 'alike')
  t.deepEqual(answer.items[0].reasons[0], { code: 'similar_content', product_id: 'cold' })
  t.false(answer.fallback)
})

test('an unknown product gives a fallback, not an error', t => {
  const fixture = products(shop(), 'a').features('a', 1)
  const answer = fixture.start().ask({ surface: 'product', items: ['never heard of'] })
  t.deepEqual(
    answer.items.map(item => item.product_id),
    ['a']
  )
  t.true(answer.fallback)
})

test('cart offers what is bought together with it first', t => {
  const fixture = products(shop(), 'tea', 'cup', 'pot', 'popular').features('popular', 100)
  fixture.together('tea', { cup: 0.5, pot: 0.2 })
  const answer = fixture.start().ask({ surface: 'cart', items: ['tea'] })
  t.deepEqual(
    answer.items.slice(0, 2).map(item => item.product_id),
    ['cup', 'pot']
  )
  t.deepEqual(answer.items[0].reasons[0], { code: 'bought_together', product_id: 'tea' })
})

test('cart never offers what is in it, or variants of that; substitutes come when nothing else is left', t => {
  const fixture = shop()
    .product('tea', { category: 'Tea', group_id: 'earl' })
    .product('tea_xl', { category: 'Tea', group_id: 'earl' })
    .product('other_tea', { category: 'Tea' })
    .product('cup', { category: 'Cups' })
    .product('spoon', { category: 'Spoons' })
  fixture.similar('tea', { other_tea: 0.9, tea_xl: 0.8 }).together('tea', { cup: 0.3 })
  t.deepEqual(fixture.start().ids({ surface: 'cart', items: ['tea'] }), ['cup', 'spoon', 'other_tea'])
})

test('what is bought together is no substitute, though it is of the same category', t => {
  const fixture = shop().product('tea', { category: 'Tea' }).product('mate', { category: 'Tea' }).product('cup')
  fixture.similar('tea', { mate: 0.9 }).together('tea', { mate: 0.3 })
  t.is(fixture.start().ids({ surface: 'cart', items: ['tea'] })[0], 'mate')
})

test('without items a cart is that of the visit', t => {
  const fixture = products(shop(), 'tea', 'cup', 'pot').together('tea', { cup: 0.5 }).features('pot', 100)
  const running = fixture.session('s', ['tea'], { cart: ['tea'] }).start()
  t.deepEqual(running.ids({ surface: 'cart', session_id: 's' }), ['cup', 'pot'])
})

test('email reminds of what was looked at and leaves out what was just bought', t => {
  const fixture = products(shop(), 'seen', 'bought', 'near').similar('seen', { near: 0.2 })
  fixture.user('u', {
    seen: [{ product_id: 'seen', ts: fixtureNow - day }],
    bought: [{ product_id: 'bought', ts: fixtureNow - 2 * day, count: 1 }]
  })
  const { items } = fixture.start().ask({ surface: 'email', user_id: 'u' })
  const reasonOf = (id: string) => items.find(item => item.product_id === id)?.reasons[0].code
  t.is(reasonOf('seen'), 'recently_viewed')
  t.is(reasonOf('near'), 'similar_to_viewed')
  t.is(reasonOf('bought'), undefined)
})

test('a product route keeps to its kind of neighbour, and others only fill up', t => {
  const fixture = products(shop(), 'tea', 'mate', 'cup', 'spoon', 'popular').features('popular', 100)
  fixture.similar('tea', { mate: 0.1 }).together('tea', { cup: 0.9, spoon: 0.001 })
  const running = fixture.start()
  const relation = (kind: 'similar' | 'bought_together') =>
    running.ids({ surface: 'product', items: ['tea'], relation: kind })
  t.deepEqual(relation('similar').slice(0, 1), ['mate'])
  t.deepEqual(relation('bought_together'), ['cup', 'spoon', 'mate', 'popular'])
})

test('no two variants of a product, wherever they come from', t => {
  const fixture = shop()
  for (const id of ['a1', 'a2', 'a3']) fixture.product(id, { group_id: 'a' }).features(id, 5)
  t.deepEqual(fixture.product('b').start().ids({}), ['a1', 'b'])
})

test('one category does not take the whole list while others are nearly as good', t => {
  const fixture = shop()
  for (const [i, id] of ['c1', 'c2', 'c3', 'c4'].entries()) {
    fixture.product(id, { category: 'C' }).features(id, 100 - i)
  }
  fixture.product('d', { category: 'D' }).features('d', 93)
  const ids = fixture.start().ids({})
  t.true(ids.indexOf('d') < 3, ids.join())
})

test('scores fall, lie between 0 and 1, and every item has a reason from the closed list', t => {
  const fixture = shop()
  const { items, users, sessions } = buildSyntheticShop(fixture, { items: 600, visitors: 20, seed: 11 })
  const running = fixture.start()
  for (let i = 0; i < 20; i++) {
    for (const surface of ['home', 'product', 'cart', 'email'] as const) {
      const answer = running.ask({
        surface,
        user_id: users[i],
        session_id: sessions[i],
        items: surface === 'product' || surface === 'cart' ? [items[i], items[i + 40]] : undefined,
        limit: 100
      })
      t.is(answer.items.length, 100)
      t.false(answer.fallback)
      answer.items.forEach((item, place) => {
        const previous = place === 0 ? 1 : answer.items[place - 1].score
        if (!(item.score <= previous && item.score >= 0)) t.fail(`${surface} ${place}: ${item.score} > ${previous}`)
        if (item.reasons.length === 0) t.fail(`${item.product_id} has no reason`)
      })
    }
  }
})

test('the same rows give the same answers, in whatever order they came', t => {
  const forward = products(shop(), 'a', 'b', 'c', 'd').features('a', 1).features('b', 1).features('c', 1)
  const backward = products(shop(), 'd', 'c', 'b', 'a').features('c', 1).features('b', 1).features('a', 1)
  const late = shop()
  const running = late.start()
  products(late, 'b', 'd', 'a', 'c').features('c', 1).features('a', 1).features('b', 1)
  running.sync()
  const expected = ['a', 'b', 'c', 'd']
  t.deepEqual(forward.start().ids({}), expected)
  t.deepEqual(backward.start().ids({}), expected)
  t.deepEqual(running.ids({}), expected)
})

test('explain shows what each source added', t => {
  const fixture = products(shop(), 'seen', 'near').similar('seen', { near: 0.5 }).session('s', ['seen'])
  const running = fixture.start()
  const [first] = running.ask({ session_id: 's', explain: true }).items
  t.deepEqual(first.explain, { co_viewed: 0.3, similar_content: 0.08 })
  t.is(running.ask({ session_id: 's' }).items[0].explain, undefined)
})

test('past the deadline the answer is short of nothing but thought, and says partial', t => {
  const fixture = shop()
  buildSyntheticShop(fixture, { items: 300, visitors: 1, seed: 2 })
  const running = fixture.start()
  const query = { surface: 'home', user_id: 'u_0', limit: 20, personalize: true, position_from: 1 } as const
  const answer = running.recommender.recommend(query, running.context(-Infinity))
  t.true(answer.partial)
  t.is(answer.items.length, 20)
})

test('a shop that sends no products is answered from what people do', t => {
  const fixture = shop().features('a', 1).features('b', 2).similar('a', { b: 0.4 }).session('s', ['a'])
  const running = fixture.start()
  t.deepEqual(running.ids({}), ['b', 'a'])
  t.is(running.ids({ session_id: 's' })[0], 'b')
  fixture.product('c')
  running.sync()
  t.deepEqual(running.ids({}), ['c'], 'from the first product on, the catalog says what there is')
})
