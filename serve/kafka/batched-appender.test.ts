import test from 'ava'
import { codeOf, MillraceError } from '../../engine/errors.ts'
import type { NewRecord } from '../../engine/log/log.ts'
import { partitionOf } from '../../engine/log/partition-of.ts'
import { BatchedAppender } from './batched-appender.ts'

const record = (key: string, bytes = 1): NewRecord => ({ key, value: Buffer.alloc(bytes), timestamp: 1 })

/** A log of two partitions that writes when the test says so. */
function log() {
  const calls: {
    topic: string
    keys: string[]
    done: (last: [number, number][]) => void
    fail: (e: unknown) => void
  }[] = []
  const appender = new BatchedAppender({
    partitionsOf: () => 2,
    append: (topic, records) =>
      new Promise((resolve, reject) =>
        calls.push({
          topic,
          keys: records.map(({ key }) => String(key)),
          done: last => resolve(new Map(last)),
          fail: reject
        })
      )
  })
  return { appender, calls, turn: () => new Promise(resolve => setImmediate(() => setImmediate(resolve))) }
}

test('what comes in during an append goes out together with the next one', async t => {
  const { appender, calls, turn } = log()
  const first = appender.append('events', [record('a')])
  await turn()
  const later = ['b', 'c'].map(key => appender.append('events', [record(key)]))
  await turn()
  t.is(calls.length, 1)
  calls[0].done([
    [0, 4],
    [1, 4]
  ])
  await first
  await turn()
  t.deepEqual(calls[1].keys, ['b', 'c'])
  calls[1].done([
    [0, 7],
    [1, 7]
  ])
  await Promise.all(later)
})

test('a caller is told the positions behind the partitions its own records went to', async t => {
  const { appender, calls, turn } = log()
  const written = appender.append('events', [record('a')])
  await turn()
  calls[0].done([
    [0, 4],
    [1, 9]
  ])
  const partition = partitionOf('a', 2)
  t.deepEqual(await written, new Map([['events', new Map([[partition, partition === 0 ? 5 : 10]])]]))
})

test('an offset that nobody knows means all that is there', async t => {
  const { appender, calls, turn } = log()
  const written = appender.append('events', [record('a')])
  await turn()
  calls[0].done([
    [0, -1],
    [1, -1]
  ])
  t.deepEqual(await written, new Map([['events', null]]))
})

test('too much on its way is refused, and welcome again once it has arrived', async t => {
  const { appender, calls, turn } = log()
  const large = () => [record('a', 9 << 20)]
  const first = appender.append('events', large())
  await t.throwsAsync(appender.append('events', large()), { code: 'overloaded' })
  await turn()
  calls[0].done([
    [0, 0],
    [1, 0]
  ])
  await first
  const again = appender.append('events', large())
  await turn()
  calls[1].done([
    [0, 1],
    [1, 1]
  ])
  await t.notThrowsAsync(again)
})

test('while Kafka is away callers are told to come back', async t => {
  const { appender, calls, turn } = log()
  const written = appender.append('events', [record('a')])
  await turn()
  calls[0].fail(new MillraceError('kafka_unavailable', 'retry', 'away'))
  t.is(codeOf(await t.throwsAsync(written)), 'not_ready')
})
