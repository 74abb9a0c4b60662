import test from 'ava'
import { MemoryStore } from '../../engine/stores/memory-store.ts'
import type { EventType, Interaction } from '../../schemas/interaction.ts'
import { fixtureNow, ShopFixture } from '../testing/shop-fixture.ts'
import { SessionOverlay } from './session-overlay.ts'

let count = 0
function event(product_id: string, row: Partial<Interaction> = {}): Interaction {
  const ids = { event_id: `e${count++}`, user_id: null, session_id: 's' }
  return { ...ids, event_type: 'view', product_id, ts: fixtureNow + count, context: {}, ...row }
}

const act = (event_type: EventType, product_id: string) => event(product_id, { event_type })

function shopOf(consent = true) {
  const fixture = new ShopFixture(new MemoryStore())
  for (const id of ['a', 'b', 'like a', 'like b', 'p']) fixture.product(id)
  fixture.similar('a', { 'like a': 0.5 }).similar('b', { 'like b': 0.5 }).together('a', { 'like a': 0.5 })
  return fixture.features('p', 100).user('u', { consent }).start()
}

test('an own event counts in the very next answer', t => {
  const shop = shopOf()
  t.true(shop.ask({ session_id: 's' }).fallback)
  shop.overlay.add([event('a')], shop.now)
  t.is(shop.ids({ session_id: 's' })[0], 'like a')
  shop.overlay.add([event('b')], shop.now)
  t.deepEqual(shop.ids({ session_id: 's' }).slice(0, 2), ['like b', 'like a'])
  t.true(shop.ask({ session_id: 'another' }).fallback)
})

test('it counts for the user without the session id, if they may be profiled', t => {
  for (const consent of [true, false]) {
    const shop = shopOf(consent)
    shop.overlay.add([event('a', { user_id: 'u' })], shop.now)
    t.is(shop.ask({ user_id: 'u' }).fallback, !consent)
  }
})

test('without a session id the user is the session, also for those who denied', t => {
  const shop = shopOf(false)
  shop.overlay.add([event('a', { user_id: 'u', session_id: null })], shop.now)
  t.is(shop.ids({ user_id: 'u' })[0], 'like a')
})

test('what somebody else did under the same session id does not count', t => {
  const shop = shopOf()
  shop.overlay.add([event('a', { user_id: 'somebody else' })], shop.now)
  t.true(shop.ask({ user_id: 'u', session_id: 's' }).fallback)
})

test('the cart follows what was put in and taken out', t => {
  const shop = shopOf()
  const cart = () => shop.ids({ surface: 'cart', session_id: 's' })
  shop.overlay.add([act('add_to_cart', 'a')], shop.now)
  t.is(cart()[0], 'like a')
  t.false(cart().includes('a'))
  shop.overlay.add([act('remove_from_cart', 'a')], shop.now)
  t.true(cart().includes('a'))
})

test('what was dismissed is gone from the next answer', t => {
  const shop = shopOf()
  shop.overlay.add([act('dismiss', 'p')], shop.now)
  t.false(shop.ids({ session_id: 's' }).includes('p'))
})

test('what was bought a moment ago is bought', t => {
  const shop = shopOf()
  shop.overlay.add([act('purchase', 'a')], shop.now)
  const query = { session_id: 's', rules: { exclude_purchased_days: 1 } }
  t.false(shop.ids(query).includes('a'))
})

test('an act that the view shows as well counts once, and then need not be kept', t => {
  const fixture = new ShopFixture(new MemoryStore())
  fixture.product('a').product('b').similar('a', { b: 0.5 })
  const shop = fixture.start()
  const own = event('a')
  shop.overlay.add([own], shop.now)
  const before = shop.ask({ session_id: 's' }).items
  t.is(shop.overlay.keys, 1)
  fixture.session('s', [], { items: [{ product_id: 'a', event_type: 'view', ts: own.ts }] })
  shop.sync()
  t.deepEqual(shop.ask({ session_id: 's' }).items, before)
  t.is(shop.overlay.keys, 0)
})

test('what came before an act that the view shows is not kept either, what came after is', t => {
  const overlay = new SessionOverlay()
  overlay.add([event('a'), event('b'), event('c')], 0)
  overlay.caughtUp('s', 1)
  t.deepEqual(
    overlay.ofSession('s').map(own => own.product_id),
    ['c']
  )
})

test('after ten minutes it is forgotten', t => {
  const overlay = new SessionOverlay()
  overlay.add([event('a', { user_id: 'u' })], 0)
  overlay.add([event('a', { session_id: 'later' })], 10 * 60_000)
  t.deepEqual(overlay.ofSession('s'), [])
  t.deepEqual(overlay.ofUser('u'), [])
  t.is(overlay.ofSession('later').length, 1)
})

test('holds so many visitors and so many events of each', t => {
  const overlay = new SessionOverlay({ keys: 2, eventsPerKey: 3 })
  for (let i = 0; i < 5; i++) overlay.add([event(`p${i}`)], 0)
  t.deepEqual(
    overlay.ofSession('s').map(own => own.product_id),
    ['p2', 'p3', 'p4']
  )
  overlay.add([event('x', { session_id: 's2' }), event('x', { session_id: 's3' })], 0)
  t.deepEqual(overlay.ofSession('s'), [], 'who has been quiet longest')
  t.is(overlay.keys, 2)
})

test('an impression is no act', t => {
  const overlay = new SessionOverlay()
  overlay.add([event('a', { event_type: 'impression', product_id: null })], 0)
  t.is(overlay.keys, 0)
})

test('a person can be forgotten', t => {
  const overlay = new SessionOverlay()
  overlay.add([event('a', { user_id: 'u' }), event('a', { user_id: 'v', session_id: 's2' })], 0)
  overlay.forget('u')
  t.is(overlay.ofSession('s').length + overlay.ofUser('u').length, 0)
  t.is(overlay.ofUser('v').length, 1)
})
