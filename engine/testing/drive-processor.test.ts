import test from 'ava'
import { minutes, numberCodec, processor, table, value } from '../index.ts'
import { driveProcessor } from './drive-processor.ts'

const counts = () =>
  processor({
    name: 'count',
    graceMs: minutes(5),
    state: { count: value(numberCodec, { ttlMs: minutes(10) }) },
    process(
      { key, timestamp }: { key: string; value: number; timestamp: number },
      state,
      emit: (key: string, value: number) => void
    ) {
      state.count.set((state.count.get() ?? 0) + 1)
      state.timers.at(timestamp + minutes(1))
      emit(key, state.count.get() ?? 0)
    },
    onTimer({ key }, state, emit) {
      emit(`timer-${key}`, state.count.get() ?? 0)
    },
    view: (_key: string, state) => ({ count: state.count.get() ?? 0 })
  })

test('state belongs to the key of the record', t => {
  const feed = driveProcessor(counts())
  feed('a', 1, 0)
  t.deepEqual(feed('b', 1, 1), [{ key: 'b', value: 1, timestamp: 1 }])
  t.deepEqual(feed('a', 1, 2), [{ key: 'a', value: 2, timestamp: 2 }])
  t.deepEqual(feed.view('a'), { count: 2 })
})

test('a timer fires in order of time, before the record that passed it', t => {
  const feed = driveProcessor(counts())
  feed('b', 1, 1_000)
  feed('a', 1, 0)
  t.deepEqual(
    feed('c', 1, minutes(1) + 2_000).map(({ key }) => key),
    ['timer-a', 'timer-b', 'c']
  )
})

test('a key is forgotten when its time to live is over, by the times of its own records', t => {
  const feed = driveProcessor(counts())
  feed('a', 1, 0)
  t.is(feed('a', 1, minutes(10))[1].value, 2)
  t.is(feed('a', 1, minutes(21)).at(-1)?.value, 1)
})

test('expired state is deleted once stream time is past time to live and grace', t => {
  const feed = driveProcessor(counts())
  feed('a', 1, 0)
  feed.advance(minutes(14))
  feed.reload()
  t.deepEqual(feed.view('a'), { count: 1 }, 'what was last known stays published')
  t.is(feed('a', 1, minutes(10)).at(-1)?.value, 2, 'a record within grace still finds it')
  feed.advance(minutes(60))
  t.deepEqual(feed.view('a'), { count: 0 })
  t.is(feed('a', 1, minutes(60)).at(-1)?.value, 1)
})

test('what is later than grace is late and does not reach the processor', t => {
  const feed = driveProcessor(counts())
  feed('a', 1, minutes(60))
  t.deepEqual(feed('b', 1, minutes(54)), [])
  t.is(feed.late, 1)
})

const recents = (layout: 'packed' | 'rows') =>
  processor({
    name: 'recents',
    state: { items: table(numberCodec, { layout }) },
    process({ value }: { key: string; value: string; timestamp: number }, state) {
      if (value.startsWith('-')) state.items.delete(value.slice(1))
      else if (value === '!') throw new RangeError('bad record')
      else state.items.set(value, (state.items.get(value) ?? 0) + 1)
    },
    view: (_key: string, state) => Object.fromEntries(state.items.entries())
  })

for (const layout of ['packed', 'rows'] as const) {
  test(`a table keeps rows of several keys apart and survives a reload, ${layout}`, t => {
    const feed = driveProcessor(recents(layout))
    feed('a', 'x', 0)
    feed('a', 'y', 1)
    feed('ab', 'x', 2)
    feed('a', 'x', 3)
    feed.reload()
    t.deepEqual(feed.view('a'), { x: 2, y: 1 })
    t.deepEqual(feed.view('ab'), { x: 1 })
    feed('a', '-x', 4)
    feed.reload()
    t.deepEqual(feed.view('a'), { y: 1 })
  })

  test(`a record that throws leaves no trace in a table, ${layout}`, t => {
    const feed = driveProcessor(recents(layout))
    feed('a', 'x', 0)
    t.throws(() => feed('a', '!', 1), { instanceOf: RangeError })
    t.deepEqual(feed.view('a'), { x: 1 })
  })
}
