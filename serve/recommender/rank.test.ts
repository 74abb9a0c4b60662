import test from 'ava'
import { MemoryStore } from '../../engine/stores/memory-store.ts'
import { ShopFixture } from '../testing/shop-fixture.ts'

function shopOf() {
  const fixture = new ShopFixture(new MemoryStore())
  for (const id of ['seen', 'near', 'popular', 'plain', 'gone']) fixture.product(id)
  fixture.product('gone', { active: false, stock: 0 }).features('popular', 9).similar('seen', { near: 0.5, other: 0.9 })
  const shop = fixture.session('s', ['seen']).start()
  const rank = (candidates: string[], session_id?: string) =>
    shop.recommender.rank({ surface: 'home', candidates, session_id, personalize: true }, shop.context())
  return { shop, rank }
}

test('orders the candidates by what speaks for them, then by popularity; drops none, adds none', t => {
  const answer = shopOf().rank(['unknown 1', 'plain', 'gone', 'popular', 'unknown 2', 'near'], 's')
  const ids = answer.items.map(item => item.product_id)
  t.deepEqual(ids, ['near', 'popular', 'plain', 'gone', 'unknown 1', 'unknown 2'])
  t.deepEqual(
    answer.items.map(item => item.position),
    [1, 2, 3, 4, 5, 6]
  )
  t.deepEqual(answer.items[0].reasons[0], { code: 'similar_to_viewed', product_id: 'seen' })
  t.true(answer.items.every(item => item.reasons.length > 0))
  t.false(answer.fallback)
})

test('a candidate named twice comes back once', t => {
  t.deepEqual(
    shopOf()
      .rank(['plain', 'plain', 'x', 'x'])
      .items.map(item => item.product_id),
    ['plain', 'x']
  )
})

test('of an unknown visitor it is a fallback', t => {
  const answer = shopOf().rank(['plain', 'popular'])
  t.deepEqual(
    answer.items.map(item => item.product_id),
    ['popular', 'plain']
  )
  t.true(answer.fallback)
})

test('what others opened next counts beside everything else, and scores stay within 0 and 1', t => {
  const { shop, rank } = shopOf()
  const { visits } = shop.views.shop
  for (const [offset, product_id] of ['seen', 'plain', 'seen', 'plain'].entries()) {
    const [visit, position] = [Math.floor(offset / 2), offset % 2]
    visits.observe({ session: `v${visit}`, product_id, event_type: 'view', ts: offset * 1000, position }, offset)
  }
  const { items } = rank(['popular', 'plain', 'near'], 's')
  t.deepEqual(
    items.map(item => item.product_id),
    ['plain', 'near', 'popular']
  )
  t.true(items.every(({ score }) => score >= 0 && score <= 1))
})
