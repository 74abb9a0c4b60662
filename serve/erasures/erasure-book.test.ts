import test from 'ava'
import type { NewRecord } from '../../engine/log/log.ts'
import type { ErasureProgress } from '../../schemas/erasure.ts'
import { erasureRequests } from '../../schemas/topics.ts'
import { ErasureBook } from './erasure-book.ts'

const start = 1_750_000_000_000

function opened() {
  const appended: NewRecord[] = []
  const rows = new Map<string, ErasureProgress>()
  const index = { forgottenTo: 0, visits: undefined as number | undefined, erased: () => index.visits }
  const clock = { now: start }
  /** What is on the log has settled: resolve one to say so of the first who asked. */
  const asked: ((isSettled: boolean) => void)[] = []
  const log = { stepsEnd: 10 }
  const book = new ErasureBook({
    append: async (_, records) => appended.push(...records),
    progressOf: id => rows.get(id) ?? null,
    settled: () => new Promise(resolve => asked.push(resolve)),
    stepsEnd: () => log.stepsEnd,
    index,
    log: 'embedded',
    now: () => clock.now
  })
  const placesOf = async (id: string) => {
    const receipt = await book.find(id)
    return receipt?.places.slice(0, 3).map(({ state }) => state)
  }
  return { appended, rows, index, clock, asked, log, book, placesOf }
}

const forgotten = { requested_at: start, until: start, found: 2, done: 2 }

test('an erasure is a record under the user’s id that reaches five minutes past the request', async t => {
  const { appended, book } = opened()
  const { erasure_id, state, requested_at, until } = await book.begin('ann')
  t.regex(erasure_id, /^era_[0-9a-z]{8}_[\w-]{16}$/)
  t.is(state, 'running')
  t.is(Date.parse(until) - Date.parse(requested_at), 5 * 60_000)
  t.is(appended[0].key, 'ann')
  t.like(erasureRequests.value.decode(appended[0].value as Buffer), {
    erasure_id,
    user_id: 'ann',
    until: start + 5 * 60_000
  })
})

test('profile and counts are done when every id was told to forget and what came of it has been processed', async t => {
  const { rows, index, asked, placesOf } = opened()
  index.forgottenTo = 10
  rows.set('era_1', { ...forgotten, done: 1 })
  t.deepEqual(await placesOf('era_1'), ['running', 'running', 'running'], 'one id is not forgotten')
  t.is(asked.length, 0)
  rows.set('era_1', forgotten)
  t.deepEqual(await placesOf('era_1'), ['running', 'running', 'running'], 'what came of it is under way')
  asked[0](true)
  t.deepEqual(await placesOf('era_1'), ['done', 'done', 'done'])
  t.is(asked.length, 1, 'nobody asks again')
})

test('an answer waits for a moment, so that what has settled is told at once', async t => {
  const { rows, index, asked, placesOf } = opened()
  index.forgottenTo = 10
  rows.set('era_1', forgotten)
  const places = placesOf('era_1')
  asked[0](true)
  t.deepEqual(await places, ['done', 'done', 'done'])
})

test('what has not settled in time is looked at again', async t => {
  const { rows, asked, placesOf } = opened()
  rows.set('era_1', forgotten)
  const places = placesOf('era_1')
  asked[0](false)
  t.is((await places)?.[0], 'running')
  const again = placesOf('era_1')
  asked[1](true)
  t.is((await again)?.[0], 'done')
})

test('the session index is done when it has forgotten whatever was on its topic by then, and stays so', async t => {
  const { rows, index, asked, log, book, placesOf } = opened()
  rows.set('era_1', forgotten)
  index.forgottenTo = 9
  const places = placesOf('era_1')
  asked[0](true)
  t.deepEqual(await places, ['done', 'done', 'running'])
  index.forgottenTo = 10
  index.visits = 3
  // Another erasure is being carried out, further on.
  log.stepsEnd = 20
  t.deepEqual(await placesOf('era_1'), ['done', 'done', 'done'])
  t.regex((await book.find('era_1'))?.places[2].detail ?? '', /3 visits/)
  index.visits = undefined
  t.is((await book.find('era_1'))?.state, 'done', 'how many they were is forgotten')
})

test('an erasure is running by its id where its row has not come yet, for a week', async t => {
  const { clock, book, placesOf } = opened()
  const { erasure_id: id, requested_at } = await book.begin('ann')
  const other = opened()
  t.like(await other.book.find(id), { state: 'running', requested_at })
  t.deepEqual(await placesOf(id), ['running', 'running', 'running'])
  other.clock.now += 7 * 86_400_000 + 1
  t.is(await other.book.find(id), null)
  clock.now -= 6 * 60_000
  t.is(await book.find(id), null, 'of a time to come')
  t.is(await book.find('era_1'), null)
})

test('where a link comes after all was done, what comes of it is waited for as well', async t => {
  const { rows, index, asked, log, placesOf } = opened()
  rows.set('era_1', forgotten)
  index.forgottenTo = 10
  const places = placesOf('era_1')
  asked[0](true)
  t.deepEqual(await places, ['done', 'done', 'done'])
  rows.set('era_1', { ...forgotten, found: 3, done: 3 })
  log.stepsEnd = 12
  const again = placesOf('era_1')
  asked[1](true)
  t.deepEqual(await again, ['done', 'done', 'running'])
})
