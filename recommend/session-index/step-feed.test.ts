import test from 'ava'
import { fast } from './parameters.ts'
import { type IndexedStep, StepFeed } from './step-feed.ts'

const step = (session: string, product_id: string, position: number, second = position * 10): IndexedStep => ({
  session,
  product_id,
  event_type: 'view',
  ts: second * 1000 + 400,
  position
})

function fed(...steps: IndexedStep[]): StepFeed {
  const feed = new StepFeed()
  for (const [offset, one] of steps.entries()) feed.observe(one, offset)
  return feed
}

function itemsOf({ index, open }: StepFeed, session: string): string[] {
  const number = open.find(session)
  const places = Array.from({ length: index.sessions.lengthOf(number) }, (_, place) => place)
  return places.map(place => index.ids.ids[index.sessions.itemAt(number, place)])
}

test('steps are kept by visit in their order', t => {
  const feed = fed(step('a', 'tea', 0), step('b', 'cup', 0), step('a', 'pot', 1), step('a', 'tea', 2))
  t.deepEqual(itemsOf(feed, 'a'), ['tea', 'pot', 'tea'])
  t.deepEqual(itemsOf(feed, 'b'), ['cup'])
  t.is(feed.nextOffset, 4)
})

test('a step that revises one before it is no new one, whichever it revises', t => {
  const feed = fed(
    step('a', 'tea', 0),
    step('a', 'tea', 0),
    step('a', 'pot', 1),
    step('a', 'tea', 0),
    step('a', 'pot', 1)
  )
  t.deepEqual(itemsOf(feed, 'a'), ['tea', 'pot'])
  t.is(feed.index.clicks, 2)
})

test('of acts in the same second of a visit the first counts: the lines of an order have no order', t => {
  const lines = ['tea', 'pot', 'cup'].map((product, position) => step('a', product, position, 60))
  const feed = fed(...lines, step('a', 'jar', 3, 90))
  t.deepEqual(itemsOf(feed, 'a'), ['tea', 'jar'])
  t.is(feed.index.find('pot'), -1)
})

test('a late step counts', t => {
  t.deepEqual(itemsOf(fed(step('a', 'tea', 0, 50), step('a', 'pot', 1, 20)), 'a'), ['tea', 'pot'])
})

test('what is older than the horizon is let go of as events come', t => {
  const horizon = { ageMaxS: 1000, clicksMax: 1_000_000 }
  const feed = new StepFeed(fast, { horizon })
  for (let i = 0; i < 4096; i++) feed.observe(step(`v${i}`, `p${i % 5}`, 0, i), i)
  t.true(feed.index.clicks < 1000 + 1024 + 2, `${feed.index.clicks}`)
  t.true(feed.index.clicks >= 1000)
})
