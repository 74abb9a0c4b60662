import type { ExecutionContext, TestFn } from 'ava'
import { codeOf } from '../errors.ts'
import type { Log, NewRecord, RecordBatch, TopicSpec } from './log.ts'
import { partitionOf } from './partition-of.ts'

export const logTime = Date.UTC(2024, 0, 1)

/** `ready` settles when `read` can hand out what there is: a log far away answers from what has arrived. */
export type ContractLog = Log & { ready?(topic: string, partition: number, fromOffset: number): Promise<void> }

/** What every `Log` promises. `open` gives one on which the topic names of the suite are free. */
export function logContract(
  test: TestFn,
  name: string,
  open: () => Promise<{ log: ContractLog; close(): Promise<void> }>
): void {
  const story = (title: string, run: (log: ContractLog, t: ExecutionContext) => Promise<void>) =>
    test(`${name}: ${title}`, async t => {
      const { log, close } = await open()
      try {
        await run(log, t)
      } finally {
        await close()
      }
    })

  story('a new topic is empty and is listed', async (log, t) => {
    await log.ensureTopics([spec({ name: 'clicks', partitions: 2 })])
    t.deepEqual(
      log.topics().map(({ name }) => name),
      ['clicks']
    )
    t.is(log.startOffset('clicks', 1), 0)
    t.is(log.endOffset('clicks', 1), 0)
    t.is(log.read('clicks', 1, 0, 1000), null)
  })

  story('ensuring a topic again changes nothing', async (log, t) => {
    await log.ensureTopics([spec()])
    await log.append('clicks', [record('u1', 'tea')])
    await log.ensureTopics([spec()])
    t.deepEqual(await everything(log), ['0 u1 tea'])
  })

  for (const [trait, other] of [
    ['partitions', 4],
    ['cleanup', 'compact']
  ] as const) {
    story(`a topic that exists with another ${trait} is refused`, async (log, t) => {
      await log.ensureTopics([spec()])
      const error = await t.throwsAsync(log.ensureTopics([spec({ [trait]: other })]))
      t.is(codeOf(error), 'topic_mismatch')
      t.is(log.topics()[0][trait], spec()[trait])
    })
  }

  story('offsets rise by one from 0, and records come back as they were', async (log, t) => {
    await log.ensureTopics([spec()])
    const first = await log.append('clicks', [record('u1', 'tea'), record('u2', 'cup')])
    const second = await log.append('clicks', [record('u1', 'pot')])
    t.deepEqual([...first.offsets], [[0, 1]])
    t.deepEqual([...second.offsets], [[0, 2]])
    t.true(second.commit > first.commit)
    t.deepEqual(await everything(log), ['0 u1 tea', '1 u2 cup', '2 u1 pot'])
    t.is(log.endOffset('clicks', 0), 3)
  })

  story('keys, values, timestamps and headers keep every byte', async (log, t) => {
    await log.ensureTopics([spec()])
    const headers = { 'millrace.code': 'late', naïve: '…', empty: '' }
    await log.append('clicks', [
      { key: 'ключ', value: Buffer.from([0, 255, 128]), timestamp: logTime + 5, headers },
      { key: Buffer.from([255, 0]), value: Buffer.alloc(0), timestamp: logTime - 86_400_000 },
      { key: null, value: Buffer.from('no key'), timestamp: 0 },
      { key: '', value: Buffer.from('empty key'), timestamp: logTime }
    ])
    const batch = await mustRead(log, 0)
    t.is(batch.key(0), 'ключ')
    t.deepEqual(batch.value(0), Buffer.from([0, 255, 128]))
    t.deepEqual(batch.headers(0), headers)
    t.deepEqual(batch.keyBytes(1), Buffer.from([255, 0]))
    t.deepEqual(batch.value(1), Buffer.alloc(0))
    t.is(batch.headers(1), undefined)
    t.is(batch.keyBytes(2), null)
    t.is(batch.key(2), '')
    t.deepEqual(batch.keyBytes(3), Buffer.alloc(0))
    t.deepEqual(
      [0, 1, 2, 3].map(i => batch.timestamp(i)),
      [logTime + 5, logTime - 86_400_000, 0, logTime]
    )
  })

  story('a tombstone is read as a null value', async (log, t) => {
    await log.ensureTopics([spec({ cleanup: 'compact' })])
    await log.append('clicks', [record('u1', 'tea'), { key: 'u1', value: null, timestamp: logTime }])
    t.is((await mustRead(log, 0)).value(1), null)
  })

  story('a key goes to the partition that Kafka would choose', async (log, t) => {
    await log.ensureTopics([spec({ partitions: 8 })])
    const keys = Array.from({ length: 100 }, (_, i) => `user-${i}`)
    const { offsets } = await log.append(
      'clicks',
      keys.map(key => record(key, 'tea'))
    )
    for (let partition = 0; partition < 8; partition++) {
      const expected = keys.filter(key => partitionOf(key, 8) === partition)
      t.deepEqual(await keysOf(log, partition), expected)
      t.is(offsets.get(partition), expected.length - 1)
    }
  })

  story('a partition can be chosen, one that does not exist is refused', async (log, t) => {
    await log.ensureTopics([spec({ partitions: 3 })])
    await log.append('clicks', [record('u1', 'a'), record('u2', 'b')], { partition: 2 })
    t.deepEqual(await keysOf(log, 2), ['u1', 'u2'])
    t.is(codeOf(await failure(() => log.append('clicks', [record('u1', 'a')], { partition: 3 }))), 'partition_unknown')
    t.is(codeOf(await failure(() => log.append('orders', [record('u1', 'a')]))), 'topic_unknown')
    t.is(codeOf(await failure(() => log.read('clicks', 3, 0, 100))), 'partition_unknown')
  })

  story('reading can begin anywhere and goes on at nextOffset', async (log, t) => {
    await log.ensureTopics([spec()])
    for (let i = 0; i < 40; i += 4)
      await log.append(
        'clicks',
        [0, 1, 2, 3].map(j => record('u', `v${i + j}`))
      )
    for (const from of [0, 1, 3, 4, 17, 39]) {
      for (const bytesMax of [1, 20, 1000, 1 << 20]) {
        t.deepEqual(
          await everything(log, { from, bytesMax }),
          Array.from({ length: 40 - from }, (_, i) => `${from + i} u v${from + i}`)
        )
      }
    }
    t.is(log.read('clicks', 0, 40, 1000), null)
  })

  story('a read hands out at least one record and else no more bytes than asked for', async (log, t) => {
    await log.ensureTopics([spec()])
    await log.append(
      'clicks',
      Array.from({ length: 100 }, () => record('user', 'x'.repeat(96)))
    )
    t.is((await mustRead(log, 0, 1)).count, 1)
    const batch = await mustRead(log, 0, 1000)
    t.true(batch.count > 1 && batch.bytes <= 1000)
  })

  story('a batch stays valid while the log grows', async (log, t) => {
    await log.ensureTopics([spec()])
    await log.append('clicks', [record('u1', 'tea')])
    const batch = await mustRead(log, 0)
    for (let i = 0; i < 100; i++) await log.append('clicks', [record('u2', 'x'.repeat(1000))])
    t.deepEqual([batch.count, batch.key(0), batch.value(0)?.toString()], [1, 'u1', 'tea'])
  })

  story('a record above the limit of its topic is refused with all it came with', async (log, t) => {
    await log.ensureTopics([spec({ recordBytesMax: 100 })])
    await log.append('clicks', [record('k', 'x'.repeat(99))])
    const error = await failure(() => log.append('clicks', [record('fine', 'x'), record('k', 'x'.repeat(100))]))
    t.is(codeOf(error), 'record_too_large')
    t.is(log.endOffset('clicks', 0), 1)
    await log.append('clicks', [record('u1', 'goes on')])
    t.is(log.endOffset('clicks', 0), 2)
  })

  story('a record of 8 MiB and 100,000 small ones come back', async (log, t) => {
    await log.ensureTopics([spec({ recordBytesMax: 9 << 20 })])
    await log.append('clicks', [record('big', 'x'.repeat(8 << 20))])
    await log.append(
      'clicks',
      Array.from({ length: 100_000 }, (_, i) => record(`u${i % 100}`, `v${i}`))
    )
    const found = await everything(log, { bytesMax: 300_000 })
    t.is(found.length, 100_001)
    t.is(found[0].length, '0 big '.length + (8 << 20))
    t.is(found[100_000], '100000 u99 v99999')
  })

  story('a producer that repeats what it has sent writes nothing', async (log, t) => {
    await log.ensureTopics([spec()])
    const load = (to: string, value: string) =>
      log.append('clicks', [record('u1', value)], { producer: { name: 'load-orders', to } })
    await load('9', 'first')
    const second = await load('10', 'second')
    const repeated = await load('10', 'again')
    await load('9', 'again')
    t.deepEqual(await valuesOf(log), ['first', 'second'])
    t.deepEqual([...repeated.offsets], [])
    t.is(repeated.commit, second.commit)
    await log.append('clicks', [record('u1', 'another')], { producer: { name: 'load-users', to: '1' } })
    t.deepEqual(await valuesOf(log), ['first', 'second', 'another'])
  })

  story('positions that are not numbers compare as text', async (log, t) => {
    await log.ensureTopics([spec()])
    const load = (to: string) => log.append('clicks', [record('u1', to)], { producer: { name: 'files', to } })
    await load('a.csv:00010')
    await load('a.csv:00009')
    await load('b.csv:00001')
    t.deepEqual(await valuesOf(log), ['a.csv:00010', 'b.csv:00001'])
  })

  story('a group that never committed has no offsets', async (log, t) => {
    await log.ensureTopics([spec()])
    t.deepEqual([...log.committed('nobody')], [])
  })
}

export function spec(traits: Partial<TopicSpec> = {}): TopicSpec {
  return { name: 'clicks', partitions: 1, cleanup: 'delete', recordBytesMax: 1 << 20, ...traits }
}

export function record(key: string, value: string, timestamp = logTime): NewRecord {
  return { key, value: Buffer.from(value), timestamp }
}

/** Every record of a partition as `offset key value`, read in steps; `-` for a tombstone. */
export function all(
  log: Pick<Log, 'read'>,
  { topic = 'clicks', partition = 0, from = 0, bytesMax = 1 << 20 } = {}
): string[] {
  const found: string[] = []
  for (let at = from; ; ) {
    const batch = log.read(topic, partition, at, bytesMax)
    if (!batch) return found
    for (let i = 0; i < batch.count; i++) found.push(`${batch.offset(i)} ${batch.key(i)} ${batch.value(i) ?? '-'}`)
    at = batch.nextOffset
  }
}

/** The same, of a log whose records may have to arrive first. */
async function everything(log: ContractLog, { partition = 0, from = 0, bytesMax = 1 << 20 } = {}): Promise<string[]> {
  const found: string[] = []
  for (let at = from; ; ) {
    await log.ready?.('clicks', partition, at)
    const batch = log.read('clicks', partition, at, bytesMax)
    if (!batch) return found
    for (let i = 0; i < batch.count; i++) found.push(`${batch.offset(i)} ${batch.key(i)} ${batch.value(i) ?? '-'}`)
    at = batch.nextOffset
  }
}

async function keysOf(log: ContractLog, partition: number): Promise<string[]> {
  return (await everything(log, { partition })).map(line => line.split(' ')[1])
}

/** Without offsets: where a producer's position is stored with the records, as on Kafka, that takes offsets too. */
async function valuesOf(log: ContractLog): Promise<string[]> {
  return (await everything(log)).map(line => line.split(' ')[2])
}

async function mustRead(log: ContractLog, from: number, bytesMax = 1 << 20): Promise<RecordBatch> {
  await log.ready?.('clicks', 0, from)
  const batch = log.read('clicks', 0, from, bytesMax)
  if (!batch) throw new Error(`nothing at offset ${from}`)
  return batch
}

async function failure(run: () => unknown): Promise<unknown> {
  try {
    await run()
  } catch (error) {
    return error
  }
  throw new Error('it was not refused')
}
