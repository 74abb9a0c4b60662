import test from 'ava'
import { codeOf } from '../../engine/errors.ts'
import type { BatchBuilder } from './batch-builder.ts'
import { OutboxLane } from './outbox-lane.ts'

const identity = { producerId: 1n, producerEpoch: 0 }
const kib = 1024

function laneOf(batchBytesMax: number) {
  const builders: BatchBuilder[] = []
  const lane = new OutboxLane(
    { topic: 'rows', partition: 0 },
    { isTransactional: false, compression: 'none', batchBytesMax, builders }
  )
  const add = (bytes: number) => lane.add({ key: 'k', value: Buffer.alloc(bytes), timestamp: 1 }, identity)
  const counts = () => lane.queue.map(({ count }) => count)
  return { lane, builders, add, counts }
}

test('a batch ends below 1 MiB although its topic takes more, and its buffer is used again', t => {
  const { lane, builders, add, counts } = laneOf(16 * kib * kib)
  for (let i = 0; i < 20; i++) add(100 * kib)
  lane.close(identity)
  t.deepEqual(counts(), [9, 9, 2])
  while (lane.queue.length > 0) lane.written(0)
  t.is(builders.length, 3)
  t.true(builders.every(({ capacity }) => capacity <= kib * kib))
})

test('a batch ends earlier where its topic takes less', t => {
  const { lane, add, counts } = laneOf(250 * kib)
  for (let i = 0; i < 4; i++) add(100 * kib)
  lane.close(identity)
  t.deepEqual(counts(), [2, 2])
})

test('a larger record travels alone, up to what its topic takes, and its buffer is not kept', t => {
  const { lane, builders, add, counts } = laneOf(4 * kib * kib)
  add(10)
  add(3 * kib * kib)
  add(10)
  lane.close(identity)
  t.deepEqual(counts(), [1, 1, 1])
  while (lane.queue.length > 0) lane.written(0)
  t.is(builders.length, 2)
  t.is(codeOf(t.throws(() => add(5 * kib * kib))), 'record_too_large')
})
