import test from 'ava'
import { systemClock } from '../clock.ts'
import { type Id, jsonCodec, processor, topic, topology, type ValueCodec, value, view } from '../index.ts'
import { EmbeddedLog } from '../log/embedded-log.ts'
import { packRecords, unpackChanges } from '../ports/packed-records.ts'
import type { StreamEvent, StreamReply, StreamRequest } from '../ports/stream-messages.ts'
import { MemoryStore } from '../stores/memory-store.ts'
import { Stream } from '../stream.ts'
import { StreamCounter } from '../task/stream-counts.ts'
import { StreamLoop } from './stream-loop.ts'

type Key = Id<'key'>
type Named = { name: string }

function json<T>(): ValueCodec<T> {
  return { encode: value => Buffer.from(JSON.stringify(value)), decode: bytes => JSON.parse(bytes.toString()) as T }
}

const names = topic<Key, Named>('names', { value: json() })
const loudNames = topic<Key, Named>('loud-names', { value: json() })
const lastNames = view<Key, Named>('last-names', { value: json(), equality: 'order' })

const shout = topology('shout')
  .from(names)
  .map('upper', ({ key, value }) => ({ key, value: { name: value.name.toUpperCase() } }))
  .to(loudNames)

const remember = topology('remember')
  .from(loudNames)
  .process(
    processor({
      name: 'remember',
      state: { last: value(jsonCodec<Named>()) },
      process: ({ value }: { key: Key; value: Named; timestamp: number }, state) => state.last.set(value),
      view: (_key: Key, state) => state.last.get() ?? null
    })
  )
  .to(lastNames)

interface Running {
  events: (StreamEvent & { type: 'committed' })[]
  ask(request: Record<string, unknown> & { type: StreamRequest['type'] }): Promise<StreamReply>
  ended: Promise<void>
}

async function start(options: { lagMax?: number; applies?: boolean; store?: MemoryStore } = {}): Promise<Running> {
  const store = options.store ?? new MemoryStore()
  const log = new EmbeddedLog(store)
  const topologies = [shout, remember]
  await log.ensureTopics(Stream.topics({ topologies, partitions: 2 }))
  const events: (StreamEvent & { type: 'committed' })[] = []
  const onCommit: NonNullable<ConstructorParameters<typeof Stream>[0]['onCommit']> = (unit, ms) =>
    loop.committed(unit, ms)
  const stream = new Stream({ topologies, log, store, partitions: 2, onCommit })
  const counter = new StreamCounter(store)
  const loop = new StreamLoop({ stream, log, clock: systemClock, counter, send, lagMax: options.lagMax })
  function send(event: StreamEvent) {
    if (event.type !== 'committed') return
    events.push(event)
    if (options.applies !== false) loop.handle({ type: 'applied', bytes: event.changes.byteLength }, () => {})
  }
  let id = 0
  const ask: Running['ask'] = request =>
    new Promise(resolve => loop.handle({ ...request, id: ++id } as unknown as StreamRequest, resolve))
  return { events, ask, ended: loop.run() }
}

const append = (name: string, more: Record<string, unknown> = {}) => ({
  type: 'append' as const,
  topic: names.name,
  records: packRecords([{ key: 'k', value: names.value.encode({ name }), timestamp: 1 }]),
  ...more
})

test('a write is visible once every topology behind it has seen it, and not before', async t => {
  const { ask, events, ended } = await start()
  const written = await ask(append('ada'))
  t.is(written.type, 'done')
  const { commit } = written as StreamReply & { type: 'done' }
  while (!events.some(({ fresh }) => fresh >= commit)) await new Promise(resolve => setTimeout(resolve, 2))
  const reached = events.findIndex(({ fresh }) => fresh >= commit)
  const rows = events.slice(0, reached + 1).flatMap(({ changes }) => [...unpackChanges(changes)])
  t.deepEqual(
    rows.map(({ view, key, value }) => [view, key, value?.toString()]),
    [['last-names', 'k', '{"name":"ADA"}']]
  )
  await ask({ type: 'stop' })
  await ended
})

test('a flush is answered when all that was written before it has been processed', async t => {
  const { ask, events, ended } = await start()
  for (let i = 0; i < 50; i++) void ask(append(`n${i}`))
  await ask({ type: 'flush' })
  const last = events.flatMap(({ changes }) => [...unpackChanges(changes)]).at(-1)
  t.is(last?.value?.toString(), '{"name":"N49"}')
  await ask({ type: 'stop' })
  await ended
})

test('paced writes are answered only while the stream keeps up', async t => {
  const { ask, ended } = await start({ lagMax: 1, applies: false })
  let isAnswered = false
  // Nobody applies commits, so that the loop blocks after two of them.
  for (let i = 0; i < 5; i++) {
    await ask(append(`n${i}`))
    await new Promise(resolve => setTimeout(resolve, 30))
  }
  void ask(append('last', { paced: true })).then(() => {
    isAnswered = true
  })
  await new Promise(resolve => setTimeout(resolve, 50))
  t.false(isAnswered)
  void ask({ type: 'stop' })
  await ended
})

test('an unknown topic is refused and nothing else suffers', async t => {
  const { ask, ended } = await start()
  const refused = await ask({ ...append('x'), topic: 'nowhere' })
  t.like(refused, { type: 'failed', code: 'topic_unknown' })
  t.is((await ask(append('y'))).type, 'done')
  await ask({ type: 'stop' })
  await ended
})

test('what was acknowledged is processed after a restart', async t => {
  const store = new MemoryStore()
  const first = await start({ store })
  await first.ask(append('ada'))
  await first.ask({ type: 'stop' })
  await first.ended
  const second = await start({ store })
  await second.ask({ type: 'flush' })
  const rows = [...first.events, ...second.events].flatMap(({ changes }) => [...unpackChanges(changes)])
  t.is(rows.at(-1)?.value?.toString(), '{"name":"ADA"}')
  await second.ask({ type: 'stop' })
  await second.ended
})
