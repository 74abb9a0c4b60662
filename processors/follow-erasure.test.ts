import test from 'ava'
import { driveProcessor } from '../engine/testing/drive-processor.ts'
import type { ErasureId } from '../schemas/ids.ts'
import { followErasure } from './follow-erasure.ts'

const era = 'era_1' as ErasureId
const request = { erasure_id: 'era_1', user_id: 'ann', requested_at: 7, until: 8 }

test('an erasure knows of the person’s own id, and counts what is found and done', t => {
  const feed = driveProcessor(followErasure())
  feed(era, request, 7)
  t.deepEqual(feed.view(era), { requested_at: 7, until: 8, found: 1, done: 0 })
  feed(era, { is: 'found' }, 7)
  feed(era, { is: 'done' }, 7)
  feed.reload()
  feed(era, { is: 'done' }, 7)
  t.deepEqual(feed.view(era), { requested_at: 7, until: 8, found: 2, done: 2 })
})

test('steps that come before their request count, and are shown with it', t => {
  const feed = driveProcessor(followErasure())
  feed(era, { is: 'done' }, 7)
  t.is(feed.view(era), null)
  feed(era, request, 7)
  t.like(feed.view(era), { found: 1, done: 1 })
})
