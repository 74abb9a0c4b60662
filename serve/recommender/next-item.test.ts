import { createHash } from 'node:crypto'
import test from 'ava'
import { MemoryStore } from '../../engine/stores/memory-store.ts'
import { NextItems } from '../../recommend/blend/next-items.ts'
import { startWeights } from '../../recommend/blend/weights.ts'
import { saveIndex } from '../../recommend/session-index/index-snapshot.ts'
import { loadIndex } from '../../recommend/session-index/load-index.ts'
import { blend } from '../../schemas/topics.ts'
import { fixtureNow, type RunningShop, ShopFixture } from '../testing/shop-fixture.ts'

const day = 86_400_000
const products = (...ids: string[]) =>
  ids.reduce((all, id) => all.product(id), new ShopFixture(new MemoryStore())).features('popular', 100)

/** Visits of others, each a way from item to item. */
function visited({ views }: RunningShop, ...ways: string[]): void {
  for (const way of ways) visit(views.shop.visits.feed.nextOffset, way.split(' '), views.shop.visits)
}

function visit(from: number, items: string[], visits: RunningShop['views']['shop']['visits'], session = `v${from}`) {
  for (const [position, product_id] of items.entries()) {
    const ts = fixtureNow - day + from * 1000 + position * 5000
    visits.observe({ session, product_id, event_type: 'view', ts, position }, from + position)
  }
}

/** A blend in which only the share of "the item is of this visit" counts. */
function onlyOwn(weight: number) {
  const weights = startWeights().fill(0)
  weights[25] = weight
  weights[0] = 0.1
  return { version: 41, weights: [...weights], withheld: 0, lead: 0 }
}

test('home shows what others opened next, best first, and says because of what', t => {
  const running = products('tea', 'cup', 'pot', 'popular').session('s', ['tea']).start()
  visited(running, 'tea cup', 'tea cup', 'tea pot')
  const { items, fallback } = running.ask({ session_id: 's' })
  t.deepEqual(
    items.map(item => item.product_id),
    ['cup', 'pot', 'popular', 'tea']
  )
  t.deepEqual(items[0].reasons[0], { code: 'similar_to_viewed', product_id: 'tea' })
  t.false(fallback)
})

test('what only fills up does not hide what others opened next', t => {
  const running = products('a', 'b', 'x', 'y').session('s', ['a']).start()
  visited(running, 'x y', 'x y', 'a b')
  const { items } = running.ask({ session_id: 's', explain: true })
  t.deepEqual([items[0].product_id, items[0].explain?.next_item], ['b', 1])
  t.is(items.find(({ product_id }) => product_id === 'y')?.explain?.next_item, undefined)
})

test('the newest item of a visit leads', t => {
  const running = products('a', 'b', 'after_a', 'after_b').session('s', ['a', 'b']).start()
  visited(running, 'a after_a', 'b after_b', 'a after_a', 'b after_b')
  t.is(running.ids({ session_id: 's' })[0], 'after_b')
  t.is(running.ids({ session: ['b', 'a'] })[0], 'after_a')
})

test('an act of a moment ago counts at once', t => {
  const running = products('a', 'b', 'after_a', 'after_b').session('s', ['a']).start()
  visited(running, 'a after_a', 'b after_b', 'a after_a', 'b after_b')
  t.is(running.ids({ session_id: 's' })[0], 'after_a')
  const event = { product_id: 'b', event_type: 'view' as const, user_id: null, session_id: 's', ts: fixtureNow + 500 }
  running.overlay.add([{ ...event, event_id: 'e', context: {} }], running.now)
  t.is(running.ids({ session_id: 's' })[0], 'after_b')
})

test('a visit is no evidence about itself', t => {
  const running = products('a', 'b', 'c').session('s', ['a', 'b']).start()
  visit(0, ['a', 'b'], running.views.shop.visits, 's#0')
  visited(running, 'b c')
  t.is(running.ids({ session_id: 's' })[0], 'c', 'from a to b only this visit went')
})

test('a step counts once while the index is ahead of the view of the visit, or behind it', t => {
  const shop = (shown: string[]) => {
    const running = products('a', 'b', 'after_a', 'after_b').session('s', shown).start()
    visited(running, 'a after_a', 'b after_b', 'a after_a', 'b after_b')
    return running
  }
  const [together, ahead, behind] = [shop(['a', 'b']), shop(['a']), shop(['a', 'b'])]
  for (const { views } of [together, ahead]) visit(8, ['a', 'b'], views.shop.visits, 's#0')
  visit(8, ['a'], behind.views.shop.visits, 's#0')
  const event = { product_id: 'b', event_type: 'view' as const, user_id: null, session_id: 's', ts: fixtureNow + 500 }
  ahead.overlay.add([{ ...event, event_id: 'e', context: {} }], ahead.now)
  const evidence = (running: RunningShop) =>
    running
      .ask({ session_id: 's', explain: true })
      .items.map(({ product_id, explain }) => [product_id, explain?.next_item])
  t.deepEqual(evidence(ahead), evidence(together))
  t.is(evidence(behind)[0][0], 'after_b')
})

test('a product page shows what comes after the product, never the product or its variants', t => {
  const fixture = products('after', 'late', 'popular')
    .product('red', { group_id: 'r' })
    .product('blue', { group_id: 'r' })
  const running = fixture.start()
  visited(running, 'red blue after', 'red after late', 'red blue')
  t.deepEqual(running.ids({ surface: 'product', items: ['red'] }), ['after', 'late', 'popular'])
})

test('a product that nobody has come from yet is followed by what resembles it', t => {
  const fixture = new ShopFixture(new MemoryStore())
  fixture
    .product('cold', { title: 'Red tea cup', category: 'Cups' })
    .product('alike', { title: 'Blue tea cup', category: 'Cups' })
  const running = fixture.product('a', { price: 900 }).product('b', { price: 900 }).session('s', ['a']).start()
  visited(running, 'a b', 'a b')
  t.is(running.ids({ surface: 'product', items: ['cold'], session_id: 's' })[0], 'alike')
})

test('a cart is offered what is bought together first, then what visitors open next, its own kind last', t => {
  const fixture = products('together', 'next', 'popular')
    .product('tea', { category: 'Tea' })
    .product('mate', { category: 'Tea' })
  const running = fixture
    .together('tea', { together: 0.3 })
    .session('s', ['tea'], { cart: ['tea'] })
    .start()
  visited(running, 'tea mate', 'tea mate', 'tea mate', 'tea next')
  const expected = ['together', 'next', 'popular', 'mate']
  t.deepEqual(running.ids({ surface: 'cart', session_id: 's' }), expected)
  t.deepEqual(running.ids({ surface: 'cart', items: ['tea'] }), expected, 'also without a visit')
})

test('the last items of a person stand in for an empty visit, but not those of long ago', t => {
  const seen = (ts: number) => ({ seen: [{ product_id: 'old', ts }] })
  const fixture = products('old', 'after', 'popular')
  const running = fixture
    .user('recent', seen(fixtureNow - 20 * day))
    .user('ancient', seen(fixtureNow - 91 * day))
    .start()
  visited(running, 'old after', 'old after')
  t.is(running.ids({ user_id: 'recent' })[0], 'after')
  t.false(running.ask({ user_id: 'ancient', explain: true }).items.some(({ explain }) => explain?.next_item))
})

test('a visit of long ago does not stand in for what the person has done since on another device', t => {
  const visit = { user_id: 'ann', started: fixtureNow - 3 * day, last: fixtureNow - 3 * day }
  const running = products('then', 'since', 'after-then', 'after-since')
    .session('s', ['then'], visit)
    .user('ann', { seen: [{ product_id: 'since', ts: fixtureNow - day }] })
    .session('t', ['then'], { ...visit, user_id: 'bob' })
    .user('bob', { seen: [{ product_id: 'then', ts: fixtureNow - 3 * day }] })
    .start()
  visited(running, 'then after-then', 'then after-then', 'since after-since', 'since after-since')
  t.is(running.ids({ session_id: 's', user_id: 'ann' })[0], 'after-since')
  t.is(running.ids({ session_id: 't', user_id: 'bob' })[0], 'after-then')
})

test('published weights order the list, and the answer names their version', t => {
  const running = products('tea', 'cup').session('s', ['tea']).start()
  visited(running, 'tea cup')
  t.deepEqual(running.ask({ session_id: 's' }).retrieval, { name: 'blend', version: 0 })
  running.views.apply([{ view: blend.name, key: 'blend', value: blend.value.encode(onlyOwn(-5)) }])
  t.deepEqual(running.ids({ session_id: 's' }), ['cup', 'tea'])
  running.views.apply([{ view: blend.name, key: 'blend', value: blend.value.encode(onlyOwn(5)) }])
  const { items, retrieval } = running.ask({ session_id: 's' })
  t.deepEqual(
    items.map(item => item.product_id),
    ['tea', 'cup'],
    'here visitors come back to what they saw'
  )
  t.deepEqual(items[0].reasons[0], { code: 'recently_viewed', product_id: 'tea' })
  t.deepEqual(retrieval, { name: 'blend', version: 41 })
})

test('home is in the order that the learner itself would give, but for what the rules leave out', t => {
  const ids = Array.from({ length: 60 }, (_, i) => `p${i}`)
  const running = products(...ids)
    .product('p7', { stock: 0 })
    .start()
  visited(
    running,
    ...Array.from({ length: 300 }, (_, i) => `p${i % 60} p${(i * i) % 60} p${(i * 13) % 60} p${(i + 1) % 60}`)
  )
  const { visits } = running.views.shop
  const { index } = visits.feed
  const next = new NextItems(
    index,
    startWeights().map((weight, i) => weight + Math.sin(i) / 9)
  )
  visits.use({ ...onlyOwn(0), weights: [...next.weights] })
  for (let i = 0; i < 20; i++) {
    const session = [`p${(i * 7) % 60}`, `p${(i * 11) % 60}`, `p${(i * 7) % 60}`]
    next.predict({ items: session.map(id => index.find(id)), count: 3, session: -1, firstStep: 1 }, 40)
    const ranked = Array.from(next.order.subarray(0, next.rank(40)), candidate => index.ids.ids[next.itemAt(candidate)])
    const expected = ranked.filter(id => id !== 'p7').slice(0, 20)
    t.deepEqual(running.ids({ session }), expected)
  }
})

test('weights that are not finite, or too few, are not used', t => {
  const running = products('tea').start()
  const { visits } = running.views.shop
  t.false(visits.use({ ...onlyOwn(1), weights: [1, 2] }))
  t.false(visits.use({ ...onlyOwn(1), weights: onlyOwn(Number.NaN).weights }))
  t.is(visits.version, 0)
})

test('a sensitive item leads nowhere', t => {
  const fixture = products('popular').product('secret', { category: 'Secret' }).product('after')
  const running = fixture.session('s', ['secret']).start({
    restrictions: { blockedItems: [], blockedCategories: [], sensitiveCategories: ['Secret'] }
  })
  visit(0, ['secret'], running.views.shop.visits, 's#0')
  visited(running, 'secret after', 'secret after')
  t.false(running.ask({ session_id: 's', explain: true }).items.some(({ explain }) => explain?.next_item))
})

/** One hash of the best 20 for 40 visits. */
function digest(running: RunningShop): string {
  const lists = Array.from({ length: 40 }, (_, i) =>
    running.ids({ session: [`p${(i * 7) % 60}`, `p${(i * 11) % 60}`] })
  )
  return createHash('sha256').update(JSON.stringify(lists)).digest('hex')
}

test('the same steps give the same lists after a restart from a snapshot, and after a replay', t => {
  const shop = () => products(...Array.from({ length: 60 }, (_, i) => `p${i}`)).start()
  const ways = Array.from({ length: 300 }, (_, i) => `p${i % 60} p${(i * i) % 60} p${(i * 13) % 60} p${(i + 1) % 60}`)
  const [whole, replayed, restarted] = [shop(), shop(), shop()]
  const weights = { ...onlyOwn(0), weights: [...startWeights()] }
  for (const { views } of [whole, replayed, restarted]) views.shop.visits.use(weights)
  visited(whole, ...ways)
  visited(replayed, ...ways)
  visited(restarted, ...ways.slice(0, 150))
  const { visits } = restarted.views.shop
  const parts = saveIndex(visits.feed.index, { offset: visits.nextOffset, open: visits.feed.open.entries() })
  visits.restore(loadIndex(Buffer.concat(parts), visits.parameters))
  visited(restarted, ...ways.slice(150))
  t.is(digest(replayed), digest(whole))
  t.is(digest(restarted), digest(whole))
  visited(restarted, 'p0 p1', 'p7 p3')
  t.not(digest(restarted), digest(whole), 'the digest sees the index')
})
