import test from 'ava'
import { MemoryStore } from '../../engine/stores/memory-store.ts'
import type { Impression } from '../../schemas/act.ts'
import { impressions } from '../../schemas/topics.ts'
import { fixtureNow, ShopFixture } from '../testing/shop-fixture.ts'
import { ImpressionLog } from './impression-log.ts'

const turn = () => new Promise(resolve => setImmediate(resolve))
const impression = (recommendation_id: string) => ({ recommendation_id }) as Impression

test('every answer leaves one record, which fits its topic', async t => {
  const fixture = new ShopFixture(new MemoryStore()).product('a').product('b').features('a', 1)
  const shop = fixture.start()
  const answer = shop.ask({ surface: 'email', user_id: 'u', position_from: 5 })
  const second = shop.ask({ session_id: 's' })
  t.not(answer.recommendation_id, second.recommendation_id)
  await turn()
  t.is(fixture.impressions.length, 2)
  t.like(impressions.value.decode(impressions.value.encode(fixture.impressions[0])), {
    recommendation_id: answer.recommendation_id,
    surface: 'email',
    user_id: 'u',
    session_id: null,
    ts: fixtureNow,
    product_ids: ['a', 'b'],
    position_from: 5,
    fallback: true,
    retrieval: 'blend',
    retrieval_version: 0,
    model: null,
    model_version: null,
    experiment: null,
    variant: null
  })
})

test('records of one turn of the event loop are handed over together', async t => {
  const sent: number[] = []
  const log = new ImpressionLog({ send: records => sent.push(records.length) > 0 })
  log.add(impression('1'))
  log.add(impression('2'))
  await turn()
  log.add(impression('3'))
  await turn()
  t.deepEqual(sent, [2, 1])
})

test('what is refused is offered again; what does not fit any more is dropped and counted', async t => {
  let isFull = true
  const sent: string[] = []
  let dropped = 0
  const log = new ImpressionLog({
    send: records => !isFull && sent.push(...records.map(one => one.recommendation_id)) > 0,
    onDropped: count => {
      dropped += count
    },
    heldMax: 2
  })
  for (const id of ['1', '2', '3']) log.add(impression(id))
  await turn()
  t.is(dropped, 1)
  isFull = false
  log.flush()
  t.deepEqual(sent, ['1', '2'])
})
