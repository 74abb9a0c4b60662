import test from 'ava'
import { driveProcessor } from '../engine/testing/drive-processor.ts'
import type { PersonId } from '../schemas/ids.ts'
import { findBaskets } from './find-baskets.ts'

const ann = 'ann' as PersonId
const bob = 'bob' as PersonId

function start() {
  const feed = driveProcessor(findBaskets())
  const told = (...args: Parameters<typeof feed>) => feed(...args).map(({ key, value }) => [key as string, value])
  return { feed, told }
}

test('an erasure reaches every basket of the person, once', t => {
  const { feed, told } = start()
  for (const basket of ['o1', 'o2', 'o1']) told(ann, { basket, ts: 5 }, 5)
  told(bob, { basket: 'o3', ts: 5 }, 5)
  feed.reload()
  const erased = { erased: 'ann', until: 10 }
  t.deepEqual(told(ann, { erasedUntil: 10 }, 10), [
    ['o1', erased],
    ['o2', erased]
  ])
  t.deepEqual(told(ann, { erasedUntil: 10 }, 11), [])
})

test('a basket of before that is told late is erased as well, one of afterwards is not', t => {
  const { feed, told } = start()
  told(ann, { erasedUntil: 10 }, 10)
  feed.reload()
  t.deepEqual(told(ann, { basket: 'late', ts: 10 }, 12), [['late', { erased: 'ann', until: 10 }]])
  t.deepEqual(told(ann, { basket: 'new', ts: 11 }, 12), [])
  t.deepEqual(told(bob, { basket: 'o3', ts: 9 }, 12), [])
  t.deepEqual(told(ann, { erasedUntil: 20 }, 20), [['new', { erased: 'ann', until: 20 }]])
})

test('a basket counts from the earliest time that was told of it', t => {
  const { told } = start()
  for (const ts of [20, 5, 30]) told(ann, { basket: 'o1', ts }, 30)
  t.deepEqual(told(ann, { erasedUntil: 10 }, 31), [['o1', { erased: 'ann', until: 10 }]])
})
