import test from 'ava'
import { MemoryStore } from '../../engine/stores/memory-store.ts'
import { BasketRanker } from '../../recommend/basket/basket-ranker.ts'
import { baskets } from '../../schemas/topics.ts'
import { fixtureNow, ShopFixture } from '../testing/shop-fixture.ts'

const day = 86_400_000
const daysAgo = (days: number) => ({ ts: fixtureNow - days * day })

/** Ann orders milk every three weeks, and once bread, which others order with butter; nails are popular. */
function annsShop(): ShopFixture {
  const fixture = new ShopFixture(new MemoryStore())
  for (const id of ['milk', 'bread', 'butter', 'nail', 'lamp']) fixture.product(id)
  fixture.features('nail', 50).together('bread', { butter: 0.5 }).user('ann', { orders: 4 })
  for (let i = 1; i <= 3; i++) fixture.order(`a${i}`, 'ann', ['milk'], daysAgo(21 * i))
  fixture.order('a4', 'ann', ['milk', 'bread'], daysAgo(84))
  for (const other of ['bob', 'cid', 'dan', 'eve'])
    fixture.order(`of ${other}`, other, ['bread', 'butter'], daysAgo(40))
  return fixture
}

const email = { surface: 'email', user_id: 'ann' } as const

test('an e-mail lists what a customer may order next, and truly says why', t => {
  const answer = annsShop()
    .start()
    .ask({ ...email, limit: 4 })
  t.deepEqual(
    answer.items.map(item => [item.product_id, item.reasons[0]]),
    [
      ['milk', { code: 'bought_before', product_id: 'milk' }],
      ['bread', { code: 'bought_before', product_id: 'bread' }],
      ['butter', { code: 'bought_together', product_id: 'bread' }],
      ['nail', { code: 'trending' }]
    ]
  )
  t.false(answer.fallback)
  t.like(answer.retrieval, { name: 'basket' })
})

test('without the three people who bought it with an item of theirs, no item is named as the reason', t => {
  const fixture = annsShop().together('bread', {})
  const butter = fixture
    .start()
    .ask(email)
    .items.find(item => item.product_id === 'butter')
  t.deepEqual(butter?.reasons[0], { code: 'bought_together' })
})

test('an order counts as it stands: changed, cancelled or taken away, at once and after a restart', t => {
  const fixture = annsShop()
  const running = fixture.start()
  const first = () => {
    running.sync()
    running.now += 60_000
    t.deepEqual(fixture.start().ids(email), running.ids(email))
    return running.ask(email).items.find(item => item.reasons[0].code === 'bought_before')?.product_id
  }
  t.is(first(), 'milk')
  for (let i = 1; i <= 3; i++) fixture.order(`a${i}`, 'ann', ['milk', 'lamp'], { ...daysAgo(21 * i), counts: false })
  fixture.order('a4', 'ann', ['bread'], daysAgo(84))
  t.is(first(), 'bread')
  fixture.remove(baskets, 'a4')
  t.is(first(), undefined)
})

test('without an order, without consent, or for nobody in particular, an e-mail is made as for anybody', t => {
  const fixture = annsShop()
    .user('new', {})
    .user('no', { consent: false, orders: 1 })
    .order('n', 'no', ['lamp'], daysAgo(50))
  const running = fixture.start()
  for (const user_id of ['new', 'no', 'never seen', undefined]) {
    const answer = running.ask({ surface: 'email', user_id })
    t.like(answer.retrieval, { name: 'blend' })
    t.false(answer.items.some(item => item.reasons[0].code === 'bought_before'))
  }
  t.like(running.ask({ ...email, personalize: false }).retrieval, { name: 'blend' })
})

test('what was ordered before consent was withdrawn is not theirs any more', t => {
  const fixture = annsShop().user('ann', { orders: 3 })
  const { items } = fixture.start().ask(email)
  t.deepEqual(
    items.filter(item => item.reasons[0].code === 'bought_before').map(item => item.product_id),
    ['milk']
  )
})

test('what just arrived is left out of an e-mail, unless people come back for it', t => {
  const fixture = annsShop().order('a0', 'ann', ['milk', 'lamp'], daysAgo(2))
  const bought = ['milk', 'lamp'].map(product_id => ({ product_id, count: 1, ...daysAgo(2) }))
  fixture.user('ann', { orders: 5, bought }).features('milk', 1, { buyers: 20, reorder_rate: 0.5 })
  const ids = fixture.start().ids(email)
  t.true(ids.includes('milk'))
  t.false(ids.includes('lamp'))
})

test('candidates that were given are ordered for an e-mail as well', t => {
  const { recommender, context } = (running => ({ recommender: running.recommender, context: running.context() }))(
    annsShop().start()
  )
  const candidates = ['nail', 'lamp', 'bread', 'milk']
  const answer = recommender.rank({ ...email, candidates, personalize: true }, context)
  t.deepEqual(
    answer.items.slice(0, 2).map(item => item.product_id),
    ['milk', 'bread']
  )
})

test('learned weights order the list, and the answer names their version; those that fit nothing are left alone', t => {
  const fixture = annsShop()
  const running = fixture.start()
  t.deepEqual(running.ask(email).retrieval, { name: 'basket', version: 0 })
  const turned = new BasketRanker().weights.map(weight => -weight)
  fixture.basketWeights(7, [...turned])
  running.sync()
  const answer = running.ask(email)
  t.deepEqual(answer.retrieval, { name: 'basket', version: 7 })
  t.not(answer.items[0].product_id, 'milk')
  t.deepEqual(fixture.start().ids(email), running.ids(email))
  fixture.basketWeights(8, [1, 2, 3])
  running.sync()
  t.is(running.ask(email).retrieval.version, 7)
})
