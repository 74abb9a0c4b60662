import test from 'ava'
import type { RecordBatch } from '../log/log.ts'
import type { TaskReader } from '../ports/cluster.ts'
import { MemoryStore } from '../stores/memory-store.ts'
import { NameIds } from '../stores/name-ids.ts'
import { viewRowKey } from '../task/views.ts'
import { ViewFollower } from './view-follower.ts'

type Row = [key: string, value: string | null]

/** A view's topic of two partitions; a record takes two offsets, so that there are gaps. */
class ViewTopic {
  topicId = 'first'
  now = 1_000
  readonly partitions: Row[][] = [[], []]
  readonly #positions = new Map<number, number>()
  soughtFrom: number[] = []
  problem: Error | undefined

  write(partition: number, ...rows: Row[]): void {
    this.partitions[partition].push(...rows)
  }

  end(partition: number): number {
    return this.partitions[partition].length * 2
  }

  readonly cluster = {
    topicId: async () => this.topicId,
    offsets: async (_: unknown, kind: string) =>
      new Map([['views', new Map([0, 1].map(i => [i, kind === 'earliest' ? 0 : this.end(i)]))]])
  }

  readonly reader: TaskReader = {
    seek: (_, partition, offset) => {
      this.soughtFrom[partition] = offset
      this.#positions.set(partition, offset)
    },
    remove: () => undefined,
    state: (_, partition) => ({
      position: this.#positions.get(partition) ?? 0,
      lastStableOffset: this.end(partition),
      logStartOffset: 0,
      problem: this.problem
    }),
    read: (topic, partition) => {
      const from = this.#positions.get(partition) ?? 0
      const rows = this.partitions[partition].slice(from / 2)
      if (rows.length === 0) return null
      this.#positions.set(partition, this.end(partition))
      return batchOf({ topic, partition, from, rows })
    },
    arrived: async () => undefined,
    close: () => undefined
  }
}

interface Some {
  topic: string
  partition: number
  from: number
  rows: Row[]
}

function batchOf({ topic, partition, from, rows }: Some): RecordBatch {
  return {
    topic,
    partition,
    count: rows.length,
    nextOffset: from + rows.length * 2,
    bytes: 0,
    offset: i => from + i * 2,
    timestamp: () => 0,
    key: i => rows[i][0],
    keyBytes: i => Buffer.from(rows[i][0]),
    value: i => (rows[i][1] === null ? null : Buffer.from(rows[i][1])),
    headers: () => undefined
  }
}

async function follow(topic: ViewTopic, store: MemoryStore): Promise<ViewFollower> {
  const follower = new ViewFollower({
    views: [{ name: 'items', log: 'views', partitions: 2 }],
    cluster: topic.cluster,
    reader: topic.reader,
    store,
    ids: new NameIds(store),
    now: () => topic.now
  })
  await follower.open()
  return follower
}

function rows(store: MemoryStore, ...keys: string[]): (string | undefined)[] {
  const found = store.getMany(
    'views',
    keys.map(key => viewRowKey(1, key))
  )
  return found.map(value => value?.toString())
}

test('rows are as the topic says last, deletions included', async t => {
  const topic = new ViewTopic()
  const store = new MemoryStore()
  topic.write(0, ['a', '1'], ['b', '1'], ['a', '2'])
  topic.write(1, ['c', '1'], ['c', null])
  const follower = await follow(topic, store)
  t.is(follower.left, 10)
  const part = follower.apply(1 << 20)
  t.deepEqual(rows(store, 'a', 'b', 'c'), ['2', '1', undefined])
  t.deepEqual(
    part?.changes.map(({ view, key, value }) => [view, key, value?.toString() ?? null]),
    [
      ['items', 'a', '2'],
      ['items', 'b', '1'],
      ['items', 'c', null]
    ]
  )
  t.deepEqual(part?.positions, [
    [0, 6],
    [1, 4]
  ])
  t.is(follower.left, 0)
  t.is(follower.apply(1 << 20), null)
})

test('who opens the store again goes on from the positions among its rows', async t => {
  const topic = new ViewTopic()
  const store = new MemoryStore()
  topic.write(0, ['a', '1'])
  ;(await follow(topic, store)).apply(1 << 20)
  topic.write(0, ['b', '1'])
  const again = await follow(topic, store)
  t.deepEqual(topic.soughtFrom, [2, 0])
  again.apply(1 << 20)
  t.is(again.read, 1)
  t.deepEqual(rows(store, 'a', 'b'), ['1', '1'])
})

test('a topic that was made anew is read anew, and nothing of the old one stays', async t => {
  const topic = new ViewTopic()
  const store = new MemoryStore()
  topic.write(0, ['a', '1'])
  ;(await follow(topic, store)).apply(1 << 20)
  const anew = new ViewTopic()
  anew.topicId = 'second'
  anew.write(1, ['b', '1'])
  ;(await follow(anew, store)).apply(1 << 20)
  t.deepEqual(anew.soughtFrom, [0, 0])
  t.deepEqual(rows(store, 'a', 'b'), [undefined, '1'])
})

test('who was away so long that deletions are forgotten reads anew, unless nothing was written', async t => {
  const topic = new ViewTopic()
  const store = new MemoryStore()
  topic.write(0, ['a', '1'])
  ;(await follow(topic, store)).apply(1 << 20)
  topic.now += 10 * 86_400_000
  await follow(topic, store)
  t.deepEqual(topic.soughtFrom, [2, 0])
  topic.write(0, ['b', '1'])
  await follow(topic, store)
  t.deepEqual(topic.soughtFrom, [0, 0])
  t.deepEqual(rows(store, 'a'), [undefined])
})

test('it is current as of the last time every partition was at its end', async t => {
  const topic = new ViewTopic()
  const follower = await follow(topic, new MemoryStore())
  const before = topic.now
  t.is(follower.currentAt, before)
  topic.now += 500
  topic.write(1, ['a', '1'])
  t.is(follower.lag, 2)
  t.is(follower.currentAt, before)
  follower.apply(1 << 20)
  t.is(follower.currentAt, topic.now)
})

test('while the log cannot be read nobody knows whether it is current', async t => {
  const topic = new ViewTopic()
  const follower = await follow(topic, new MemoryStore())
  t.true(follower.isCurrent)
  const before = follower.currentAt
  topic.problem = new Error('away')
  topic.now += 500
  t.false(follower.isCurrent)
  t.is(follower.currentAt, before)
})
