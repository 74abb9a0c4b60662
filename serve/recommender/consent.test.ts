import test from 'ava'
import { MemoryStore } from '../../engine/stores/memory-store.ts'
import type { Query } from '../ports.ts'
import { fixtureNow, ShopFixture } from '../testing/shop-fixture.ts'

const hour = 3_600_000

/**
 * `visited` leads to `by visit`, `past` (seen by the user once) to `by past`, the user likes the category of `liked`;
 * all others are more popular.
 */
function shopOf(consent: boolean | null) {
  const fixture = new ShopFixture(new MemoryStore())
  for (const id of ['visited', 'past', 'by visit', 'by past']) fixture.product(id)
  fixture.product('liked', { category: 'Liked' }).features('liked', 0.01)
  for (const id of ['p1', 'p2', 'p3']) fixture.product(id).features(id, 100)
  fixture.similar('visited', { 'by visit': 0.5 }).similar('past', { 'by past': 0.5 })
  fixture.user('u', {
    consent,
    seen: [{ product_id: 'past', ts: fixtureNow - 50 * hour }],
    categories: [{ name: 'Liked', score: 1 }]
  })
  return fixture
}

function shown(fixture: ShopFixture, query: Partial<Query>, consentDefault = false) {
  const answer = fixture.start({ consentDefault }).ask({ ...query, explain: true })
  const first = answer.items[0].product_id
  return { first, isFallback: answer.fallback, likes: answer.items.some(item => item.explain?.affinity_category) }
}

const both = { user_id: 'u', session_id: 's' }

test('granted: the visit, the past and what they like', t => {
  const fixture = shopOf(true).session('s', ['visited'], { user_id: 'u' })
  t.like(shown(fixture, both), { first: 'by visit', isFallback: false, likes: true })
  t.is(shown(fixture, { user_id: 'u' }).first, 'by past')
})

test('denied or withdrawn: this visit only', t => {
  const fixture = shopOf(false).session('s', ['visited'], { user_id: 'u' })
  const answer = shown(fixture, both)
  t.is(answer.first, 'by visit')
  t.false(answer.likes)
  t.true(shown(fixture, { user_id: 'u' }).isFallback, 'without a visit there is nothing to go by')
})

test('unknown: the default decides', t => {
  const fixture = shopOf(null).session('s', ['visited'], { user_id: 'u' })
  t.true(shown(fixture, both, true).likes)
  t.false(shown(fixture, both, false).likes)
  t.is(shown(fixture, { user_id: 'u' }, true).first, 'by past')
  t.true(shown(fixture, { user_id: 'u' }, false).isFallback)
})

test('denied: a visit that is over is not used any more', t => {
  const old = { user_id: 'u', last: fixtureNow - hour }
  t.true(shown(shopOf(false).session('s', ['visited'], old), both).isFallback)
  t.is(shown(shopOf(true).session('s', ['visited'], old), both).first, 'by visit')
})

test('personalize: false reads neither user nor session, and logs neither', async t => {
  const fixture = shopOf(true).session('s', ['visited'], { user_id: 'u', dismissed: ['p1'] })
  const running = fixture.start()
  const answer = running.ask({ ...both, personalize: false, session: ['visited'] })
  t.true(answer.fallback)
  t.deepEqual(answer, { ...running.ask({}), recommendation_id: answer.recommendation_id })
  await new Promise(resolve => setImmediate(resolve))
  t.like(fixture.impressions[0], { recommendation_id: answer.recommendation_id, user_id: null, session_id: null })
})

test('somebody else’s visit is not used, even under the same session id', t => {
  const fixture = shopOf(true).session('s', ['visited'], { user_id: 'somebody else' })
  t.is(shown(fixture, both).first, 'by past')
})

test('a device or session that is known to be a user’s stands for that user', t => {
  const fixture = shopOf(true).identity('device', 'u').identity('cookie', 'u')
  t.is(shown(fixture, { user_id: 'device' }).first, 'by past')
  t.is(shown(fixture, { session_id: 'cookie' }).first, 'by past')
})

test('someone without an id of their own is remembered by their session, if the default allows', t => {
  const fixture = shopOf(null).user('s', { consent: null, seen: [{ product_id: 'past', ts: fixtureNow }] })
  t.is(shown(fixture, { session_id: 's' }, true).first, 'by past')
  t.true(shown(fixture, { session_id: 's' }, false).isFallback)
})
