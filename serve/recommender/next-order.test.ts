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

test('what was ordered before consent was withdrawn is not theirs any more, whatever orders came or went since', t => {
  // Of the four, one of after the withdrawal was cancelled since, and one of another device was handed over.
  const fixture = annsShop().user('ann', { orders: 4, known_from: fixtureNow - 84 * day })
  const { items } = fixture.start().ask(email)
  t.deepEqual(
    items.filter(item => item.reasons[0].code === 'bought_before').map(item => item.product_id),
    ['milk']
  )
})

test('orders under an id that was merged into theirs are read, but for those of before it asked to be forgotten', t => {
  const fixture = annsShop().identity('device', 'ann')
  fixture.order('d1', 'device', ['lamp'], daysAgo(30)).order('d2', 'device', ['nail'], daysAgo(50))
  fixture.user('ann', { orders: 5, others: [{ id: 'device', known_from: fixtureNow - 50 * day }] })
  for (const user_id of ['ann', 'device']) {
    const { items } = fixture.start().ask({ surface: 'email', user_id })
    const own = items.filter(({ reasons }) => reasons[0].code === 'bought_before').map(item => item.product_id)
    t.deepEqual(own.sort(), ['bread', 'lamp', 'milk'])
  }
})

test('what just arrived is left out of an e-mail, unless people come back for it', t => {
  const fixture = annsShop().order('a0', 'ann', ['milk', 'lamp'], daysAgo(2))
  const bought = ['milk', 'lamp'].map(product_id => ({ product_id, count: 1, ...daysAgo(2) }))
  fixture.user('ann', { orders: 5, bought }).features('milk', 1, { buyers: 20, reorder_rate: 0.5 })
  const ids = fixture.start().ids(email)
  t.true(ids.includes('milk'))
  t.false(ids.includes('lamp'))
})

test('what a customer comes back for stays in an e-mail, also where few others come back for it', t => {
  const fixture = annsShop().order('a0', 'ann', ['milk', 'lamp'], daysAgo(2))
  const bought = [
    { product_id: 'milk', count: 4, ...daysAgo(2) },
    { product_id: 'lamp', count: 1, ...daysAgo(2) }
  ]
  fixture.user('ann', { orders: 5, bought })
  for (const id of ['milk', 'lamp']) fixture.features(id, 1, { buyers: 20, reorder_rate: 0.01 })
  const running = fixture.start()
  t.true(running.ids(email).includes('milk'))
  t.false(running.ids(email).includes('lamp'))
  t.false(running.ids({ surface: 'home', user_id: 'ann' }).includes('milk'))
})

test('an item of a sensitive category leads nowhere, and takes no better reason’s place', t => {
  const restrictions = { blockedItems: [], blockedCategories: [], sensitiveCategories: ['private'] }
  const fixture = annsShop().product('bread', { category: 'private' })
  for (let i = 1; i <= 3; i++) fixture.order(`b${i}`, 'ann', ['bread'], daysAgo(7 * i))
  const reasonOf = (id: string) => {
    const item = fixture
      .start({ restrictions })
      .ask(email)
      .items.find(({ product_id }) => product_id === id)
    return item?.reasons[0]
  }
  t.is(reasonOf('bread'), undefined)
  t.not(reasonOf('butter')?.code, 'bought_together')
  for (const other of ['fay', 'gus', 'hal']) fixture.order(`of ${other}`, other, ['milk', 'butter'], daysAgo(40))
  fixture.together('milk', { butter: 0.1 })
  t.deepEqual(reasonOf('butter'), { code: 'bought_together', product_id: 'milk' })
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

/** Ann has ordered `own` items, those of low numbers most often; from the 60th on every tenth is a tea. */
function wideShop(own = 120): ShopFixture {
  const fixture = new ShopFixture(new MemoryStore()).user('ann', { orders: 12 })
  const ids = Array.from({ length: own }, (_, i) => `own${1000 + i}`)
  for (const [i, id] of ids.entries()) fixture.product(id, { category: i >= 60 && i % 10 === 0 ? 'tea' : 'other' })
  for (let i = 1; i <= 12; i++) fixture.order(`a${i}`, 'ann', ids.slice(0, (own / 12) * i), daysAgo(15 + i))
  for (let i = 0; i < 300; i++) fixture.product(`new${i}`, { category: 'tea' })
  return fixture
}

test('whoever pages through by leaving out what was shown comes to all that the customer has ordered', t => {
  const running = wideShop().start()
  const shown: string[] = []
  for (let page = 0; page < 6; page++) {
    const answer = running.ask({ ...email, rules: { exclude_items: shown } })
    t.is(answer.retrieval.name, 'basket', `page ${page}`)
    t.true(
      answer.items.every(({ reasons }) => reasons[0].code === 'bought_before'),
      `page ${page}`
    )
    shown.push(...answer.items.map(item => item.product_id))
  }
  t.is(new Set(shown).size, 120)
  t.is(running.ask({ ...email, rules: { exclude_items: shown } }).retrieval.name, 'blend')
})

test('behind a filter that most of what a customer orders does not pass, what does pass stands first', t => {
  const answer = wideShop()
    .start()
    .ask({ ...email, rules: { categories: ['tea'] } })
  t.deepEqual(
    answer.items.slice(0, 6).map(item => item.product_id),
    ['own1060', 'own1070', 'own1080', 'own1090', 'own1100', 'own1110']
  )
})

test('where a category has room for few, the best of those further down are found', t => {
  const { items } = wideShop()
    .start()
    .ask({ ...email, limit: 2, rules: { max_per_category: 1 } })
  t.deepEqual(
    items.map(item => [item.product_id, item.reasons[0].code]),
    [
      ['own1000', 'bought_before'],
      ['own1060', 'bought_before']
    ]
  )
})

test('of hundreds of candidates that were given, all that the customer has ordered come first', t => {
  const running = wideShop(240).start()
  const own = Array.from({ length: 240 }, (_, i) => `own${1000 + i}`)
  const candidates = [...Array.from({ length: 60 }, (_, i) => `new${i}`), ...own]
  const answer = running.recommender.rank({ ...email, candidates, personalize: true }, running.context())
  t.deepEqual(
    answer.items
      .slice(0, 240)
      .map(item => item.product_id)
      .sort(),
    own
  )
  t.true(answer.items.slice(0, 240).every(({ score }) => score > 0))
})

test('a list that is only popular is a fallback, also for a customer who has ordered', t => {
  const fixture = annsShop()
  for (let i = 0; i < 5; i++) fixture.order(`n${i}`, `n${i}`, ['nail', 'lamp'], daysAgo(1))
  const running = fixture.start()
  const own = ['milk', 'bread', 'butter']
  t.like(running.ask({ ...email, rules: { exclude_items: own } }), { fallback: true, retrieval: { name: 'blend' } })
  t.false(running.ask({ ...email, limit: 1 }).fallback)
  const candidates = ['nail', 'lamp']
  t.true(running.recommender.rank({ ...email, candidates, personalize: true }, running.context()).fallback)
})
