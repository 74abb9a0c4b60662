import test from 'ava'
import type { NewRecord } from '../../engine/log/log.ts'
import type { ErasureProgress } from '../../schemas/erasure.ts'
import { erasureRequests } from '../../schemas/topics.ts'
import type { ErasedHere } from '../visits/erasing-visits.ts'
import { ErasureBook } from './erasure-book.ts'

function start() {
  const appended: NewRecord[] = []
  const rows = new Map<string, ErasureProgress>()
  const index = { isPending: false, erasedHere: undefined as ErasedHere | undefined, erased: () => index.erasedHere }
  const clock = { now: 1_000_000 }
  const open = () =>
    new ErasureBook({
      append: async (_, records) => appended.push(...records),
      progressOf: id => rows.get(id) ?? null,
      index,
      log: 'embedded',
      now: () => clock.now
    })
  return { appended, rows, index, clock, open }
}

test('an erasure is a record under the user’s id that reaches five minutes past the request', async t => {
  const { appended, open } = start()
  const { erasure_id, state, requested_at, until } = await open().begin('ann')
  t.regex(erasure_id, /^era_[\w-]{16}$/)
  t.is(state, 'running')
  t.is(Date.parse(until) - Date.parse(requested_at), 5 * 60_000)
  t.is(appended[0].key, 'ann')
  t.like(erasureRequests.value.decode(appended[0].value as Buffer), { erasure_id, user_id: 'ann', until: 1_300_000 })
})

test('it is done when every id is forgotten, and the index of this server has met each of them', async t => {
  const { rows, index, clock, open } = start()
  const book = open()
  clock.now += 1
  const { erasure_id: id } = await book.begin('ann')
  t.is(book.find(id)?.state, 'running', 'before the view has it')
  const row = { requested_at: clock.now, until: clock.now, found: 2, done: 1 }
  rows.set(id, row)
  index.erasedHere = { ids: 2, visits: 3 }
  t.is(book.find(id)?.state, 'running', 'one id is not forgotten')
  rows.set(id, { ...row, done: 2 })
  index.erasedHere = { ids: 1, visits: 3 }
  t.is(book.find(id)?.state, 'running', 'the index has met one id')
  index.erasedHere = { ids: 2, visits: 3 }
  index.isPending = true
  t.is(book.find(id)?.state, 'running', 'the snapshot is not written yet')
  index.isPending = false
  const receipt = book.find(id)
  t.is(receipt?.state, 'done')
  t.regex(receipt?.places.find(({ place }) => place === 'session-index')?.detail ?? '', /3 visits/)
})

test('what was asked for before a server started is done there once it has met everything', t => {
  const { rows, open } = start()
  rows.set('era_1', { requested_at: 5, until: 6, found: 2, done: 2 })
  t.is(open().find('era_1')?.state, 'done')
  t.is(open().find('era_2'), null)
})
