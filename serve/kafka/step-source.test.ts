import test from 'ava'
import { EmbeddedLog } from '../../engine/log/embedded-log.ts'
import type { TaskReader } from '../../engine/ports/cluster.ts'
import { unpackRecords } from '../../engine/ports/packed-records.ts'
import { MemoryStore } from '../../engine/stores/memory-store.ts'
import { StepSource } from './step-source.ts'

const topic = 'session-steps'

/** A reader of the embedded log, which has everything at once. */
function readerOf(log: EmbeddedLog): TaskReader {
  let position = 0
  return {
    seek: (_topic, _partition, offset) => {
      position = offset
    },
    remove: () => {},
    read: (name, partition, bytesMax) => {
      const batch = log.read(name, partition, position, bytesMax)
      if (batch) position = batch.nextOffset
      return batch
    },
    state: () => ({ position, lastStableOffset: log.endOffset(topic, 0), logStartOffset: 0 }),
    arrived: () => Promise.resolve(),
    close: () => {}
  }
}

async function opened(from: number, values: string[]) {
  const log = new EmbeddedLog(new MemoryStore())
  await log.ensureTopics([{ name: topic, partitions: 1, cleanup: 'delete', recordBytesMax: 1 << 20 }])
  const append = (...more: string[]) =>
    log.append(
      topic,
      more.map(value => ({ key: null, value: Buffer.from(value), timestamp: 1 }))
    )
  for (const value of values) await append(value)
  const ends = (offset: number) => Promise.resolve(new Map([[topic, new Map([[0, offset]])]]))
  const cluster = {
    reader: () => readerOf(log),
    offsets: (_: unknown, kind: string) => ends(kind === 'earliest' ? 0 : log.endOffset(topic, 0))
  }
  return { append, source: await StepSource.open({ cluster, topic, from }) }
}

const valuesOf = (message: ReturnType<StepSource['next']>) =>
  message && unpackRecords(message.records).map(({ value }, i) => `${value}@${message.offsets[i]}`)

test('steps are read on from where main stands', async t => {
  const { source } = await opened(1, ['a', 'b', 'c'])
  t.is(source.left, 2)
  const read: (string[] | null)[] = []
  for (let message = source.next(); message; message = source.next()) {
    read.push(valuesOf(message))
    source.applied()
  }
  t.deepEqual(read.flat(), ['b@1', 'c@2'])
})

test('it has caught up once main has applied what was there at the start', async t => {
  const { source, append } = await opened(0, ['a'])
  t.false(source.isCaughtUp)
  source.next()
  t.false(source.isCaughtUp, 'sent and not applied')
  source.applied()
  t.true(source.isCaughtUp)
  await append('b')
  t.deepEqual(valuesOf(source.next()), ['b@1'])
})

test('while main has not applied what it was sent, no more is sent', async t => {
  const { source, append } = await opened(0, [])
  const send = async (value: string) => {
    await append(value)
    return valuesOf(source.next())
  }
  t.deepEqual(await send('a'), ['a@0'])
  t.deepEqual(await send('b'), ['b@1'])
  t.is(await send('c'), null)
  source.applied()
  t.deepEqual(valuesOf(source.next()), ['c@2'])
})
