import test from 'ava'
import { MemoryStore } from '../../engine/stores/memory-store.ts'
import { itemVectors } from '../../schemas/topics.ts'
import { fixtureNow, ShopFixture } from '../testing/shop-fixture.ts'

function shop() {
  const fixture = new ShopFixture(new MemoryStore())
  for (const id of ['tea', 'pot', 'tent', 'lamp', 'saw']) fixture.product(id, { title: id, category: id, price: null })
  fixture.vector('tea', ['hot', 'green', 'leaf']).vector('pot', ['hot', 'green', 'clay'])
  fixture.vector('tent', ['camp', 'canvas']).vector('lamp', ['camp', 'light']).vector('saw', ['teeth', 'steel'])
  return fixture.features('saw', 100).features('lamp', 50)
}

const click = (product_id: string) => ({
  event_id: `e ${product_id}`,
  user_id: 'new user',
  session_id: 's',
  event_type: 'click' as const,
  product_id,
  ts: fixtureNow,
  context: {}
})

test('a new product is followed by what it is near to, though they share no category and nobody has seen either', t => {
  const answer = shop()
    .start()
    .ask({ surface: 'product', items: ['tea'], limit: 3 })
  t.is(answer.items[0].product_id, 'pot')
  t.deepEqual(answer.items[0].reasons[0], { code: 'similar_content', product_id: 'tea' })
  t.false(answer.fallback)
})

test('a new user’s first personal answer comes after one click, also on a product that is new itself', t => {
  const running = shop().start()
  t.true(running.ask({ user_id: 'new user', session_id: 's' }).fallback)
  t.is(running.ids({ user_id: 'new user', session_id: 's' })[0], 'saw')
  running.overlay.add([click('tent')], running.now)
  const answer = running.ask({ user_id: 'new user', session_id: 's' })
  t.false(answer.fallback)
  const lamp = answer.items.find(({ product_id }) => product_id === 'lamp')
  t.deepEqual(lamp?.reasons[0], { code: 'similar_content', product_id: 'tent' })
  t.true(running.ask({ user_id: 'another', session_id: 'z' }).fallback)
})

test('a vector that comes, moves or goes counts in the next answer', t => {
  const fixture = shop()
  const running = fixture.start()
  const first = () => running.ask({ surface: 'product', items: ['tea'] }).items[0]
  t.is(first().product_id, 'pot')
  fixture.remove(itemVectors, 'pot').vector('tent', ['hot', 'green', 'leaf'])
  running.sync()
  t.is(first().product_id, 'tent')
  t.deepEqual(first().reasons[0], { code: 'similar_content', product_id: 'tea' })
})

test('where people have shown what goes together, vectors are not asked', t => {
  const fixture = shop()
  const known = Array.from({ length: 12 }, (_, i) => `known ${i}`)
  for (const id of known) fixture.product(id)
  fixture.similar('tea', Object.fromEntries(known.map((id, i) => [id, 0.9 - i / 100])))
  const answer = fixture.start().ask({ surface: 'product', items: ['tea'], limit: 20 })
  const pot = answer.items.find(({ product_id }) => product_id === 'pot')
  t.notDeepEqual(pot?.reasons[0], { code: 'similar_content', product_id: 'tea' })
})
