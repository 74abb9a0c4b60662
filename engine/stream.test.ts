import test from 'ava'
import { commitFaultPoints } from './commit.ts'
import type { Faults } from './faults.ts'
import {
  days,
  from,
  type Id,
  jsonCodec,
  minutes,
  numberCodec,
  poison,
  processor,
  table,
  topic,
  topology,
  type ValueCodec,
  value,
  view
} from './index.ts'
import { MemoryStore } from './stores/memory-store.ts'
import { driveTopology } from './testing/drive-topology.ts'

type User = Id<'user'>
type Item = Id<'item'>

function json<T>(): ValueCodec<T> {
  return {
    encode: value => Buffer.from(JSON.stringify(value)),
    decode: bytes => {
      try {
        return JSON.parse(bytes.toString()) as T
      } catch (error) {
        throw poison('bad_json', 'Not JSON.', error)
      }
    }
  }
}

const touches = topic<User, { item: string }>('touches', { value: json() })
const renames = topic<User, { item: string }>('renames', { value: json() })
const pairs = topic<Item, { companion: string }>('pairs', { value: json() })
const loud = topic<User, { item: string }>('loud', { value: json() })
const companions = view<Item, Record<string, number>>('companions', { value: json(), equality: 'exact' })

const pairRecent = () =>
  processor({
    name: 'pair-recent',
    state: { recent: value(jsonCodec<string[]>()) },
    process(
      { value }: { key: User; value: { item: string }; timestamp: number },
      state,
      emit: (key: Item, value: { companion: string }) => void
    ) {
      if (value.item === 'poison') throw poison('sour', 'This item is sour.')
      if (value.item === 'late-poison') {
        state.recent.set(['trace'])
        emit('trace' as Item, { companion: 'trace' })
        throw new TypeError('a defect')
      }
      const recent = state.recent.get() ?? []
      if (recent.includes(value.item)) return
      for (const other of recent) {
        emit(other as Item, { companion: value.item })
        emit(value.item as Item, { companion: other })
      }
      state.recent.set([...recent, value.item].slice(-3))
    }
  })

const countPairs = () =>
  processor({
    name: 'count-pairs',
    state: { counts: table(numberCodec) },
    process({ value }: { key: Item; value: { companion: string }; timestamp: number }, state) {
      state.counts.set(value.companion, (state.counts.get(value.companion) ?? 0) + 1)
    },
    view: (_key: Item, state) => Object.fromEntries([...state.counts.entries()].sort(([a], [b]) => (a < b ? -1 : 1)))
  })

const coTouched = () =>
  topology('co-touched')
    .from(touches)
    .merge(from(renames))
    .filter('named', ({ value }) => value.item !== '')
    .process(pairRecent())
    .through(pairs)
    .process(countPairs())
    .to(companions)

const shout = () =>
  topology('shout')
    .from(touches)
    .map('upper', ({ key, value }) => ({ key, value: { item: value.item.toUpperCase() } }))
    .to(loud)

function seededTouches(count: number): [User, string, number][] {
  let seed = 7
  const next = (n: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
    return seed % n
  }
  return Array.from({ length: count }, (_, i) => [`u${next(9)}` as User, `i${next(12)}`, i * 1000])
}

test('records flow through a repartition topic into a view', t => {
  const driver = driveTopology(coTouched())
  driver.feed(touches, 'u1' as User, { item: 'tea' }, 1)
  driver.feed(touches, 'u1' as User, { item: 'cup' }, 2)
  driver.feed(renames, 'u1' as User, { item: 'pot' }, 3)
  t.deepEqual(driver.view(companions, 'tea' as Item), { cup: 1, pot: 1 })
  t.deepEqual(driver.view(companions, 'pot' as Item), { cup: 1, tea: 1 })
})

test('a view is published once per unit, and only where its bytes changed', t => {
  const driver = driveTopology(coTouched(), { commitEach: false })
  for (const item of ['a', 'b', 'c', 'b']) driver.append(touches, 'u1' as User, { item }, 1)
  driver.commit()
  driver.append(touches, 'u1' as User, { item: 'b' }, 2)
  driver.commit()
  t.deepEqual(
    driver
      .outputs(companions)
      .map(({ key }) => key)
      .sort(),
    ['a', 'b', 'c']
  )
})

test('two topologies read one topic', t => {
  const driver = driveTopology([coTouched(), shout()])
  driver.feed(touches, 'u1' as User, { item: 'tea' }, 1)
  t.deepEqual(driver.outputs(loud), [{ key: 'u1', value: { item: 'TEA' }, timestamp: 1, headers: undefined }])
})

test('bytes that cannot be decoded become a dead letter with the original bytes and the reason', t => {
  const driver = driveTopology(coTouched())
  driver.appendRecord(touches, { key: 'u1', value: Buffer.from('{'), timestamp: 5 })
  driver.commit()
  const [letter] = driver.deadLetters()
  t.is(letter.key, 'u1')
  t.is(letter.value?.toString(), '{')
  t.is(letter.headers?.['millrace.error.code'], 'bad_json')
  t.is(letter.headers?.['millrace.error.topic'], 'touches')
  t.is(letter.headers?.['millrace.error.offset'], '0')
})

for (const item of ['poison', 'late-poison']) {
  test(`a record that throws is left out with a dead letter, its neighbours and other topologies are not: ${item}`, t => {
    const driver = driveTopology([coTouched(), shout()], { commitEach: false })
    for (const each of ['a', item, 'b']) driver.append(touches, 'u1' as User, { item: each }, 1)
    driver.append(touches, 'u2' as User, { item }, 1)
    driver.commit()
    t.deepEqual(
      [...driver.viewAll(companions)],
      [
        ['a', { b: 1 }],
        ['b', { a: 1 }]
      ]
    )
    t.is(driver.outputs(loud).length, 4)
    t.deepEqual(
      driver
        .deadLetters()
        .map(({ headers }) => [
          headers?.['millrace.error.code'],
          headers?.['millrace.error.step'],
          headers?.['millrace.error.topology']
        ]),
      Array.from({ length: 2 }, () => [item === 'poison' ? 'sour' : 'processor_failed', 'pair-recent', 'co-touched'])
    )
    t.is(driver.stream.stats.aborts, 2)
  })
}

function run(options: { batchRecords?: number; partitions?: number; cacheBytes?: number; commitEvery: number }) {
  const driver = driveTopology([coTouched(), shout()], { ...options, commitEach: false })
  seededTouches(600).forEach(([user, item, time], i) => {
    driver.append(touches, user, { item }, time)
    if (i % options.commitEvery === 0) driver.commit()
  })
  driver.commit()
  return [...driver.viewAll(companions)]
}

test('batch size, commits and a tiny cache change nothing', t => {
  const expected = run({ commitEvery: 1 })
  t.deepEqual(run({ commitEvery: 600, batchRecords: 1 }), expected)
  t.deepEqual(run({ commitEvery: 17, batchRecords: 7 }), expected)
  t.deepEqual(run({ commitEvery: 600, batchRecords: 600, cacheBytes: 4_000 }), expected)
})

test('what does not depend on order is the same with 1 and 4 partitions', t => {
  t.deepEqual(run({ commitEvery: 50, partitions: 4 }), run({ commitEvery: 50, partitions: 1 }))
})

for (const point of commitFaultPoints) {
  for (const nth of [1, 2, 5]) {
    test(`a crash at ${point}, time ${nth}, neither loses nor repeats anything`, t => {
      const store = new MemoryStore()
      const input = seededTouches(60)
      let hits = 0
      const faults: Faults = {
        hit: at => {
          if (at === point && ++hits === nth) throw new CrashForTest()
        }
      }
      let driver = driveTopology([coTouched(), shout()], { store, faults, commitEach: false, batchRecords: 4 })
      let crashes = 0
      input.forEach(([user, item, time], i) => {
        driver.append(touches, user, { item }, time)
        if (i % 6 !== 0) return
        try {
          driver.commit()
        } catch (error) {
          t.true(String(error).includes('crash'))
          crashes++
          driver = driveTopology([coTouched(), shout()], { store, faults, commitEach: false, batchRecords: 4 })
        }
      })
      driver.commit()
      const undisturbed = driveTopology([coTouched(), shout()])
      for (const [user, item, time] of input) undisturbed.feed(touches, user, { item }, time)
      t.is(crashes, 1)
      t.deepEqual([...driver.viewAll(companions)], [...undisturbed.viewAll(companions)])
      t.is(driver.outputs(loud).length, input.length)
    })
  }
}

class CrashForTest extends Error {
  override message = 'crash'
}

const reminders = () =>
  topology('reminders')
    .from(touches)
    .process(
      processor({
        name: 'remind',
        graceMs: days(30),
        state: { last: value(numberCodec, { ttlMs: minutes(30) }) },
        process(
          { timestamp }: { key: User; value: { item: string }; timestamp: number },
          state,
          _emit: (key: User, value: { item: string }) => void
        ) {
          state.last.set(timestamp)
          state.timers.at(timestamp + minutes(30))
        },
        onTimer({ key, timestamp }, state, emit) {
          if ((state.last.get() ?? 0) + minutes(30) === timestamp) emit(key, { item: 'come back' })
        }
      })
    )
    .to(loud)

test('a timer fires on a quiet partition once the ticks pass it', t => {
  const driver = driveTopology(reminders(), { partitions: 4 })
  driver.feed(touches, 'u1' as User, { item: 'tea' }, 0)
  driver.tick(minutes(29))
  t.is(driver.outputs(loud).length, 0)
  driver.tick(minutes(31))
  t.deepEqual(driver.outputs(loud), [
    { key: 'u1', value: { item: 'come back' }, timestamp: minutes(30), headers: undefined }
  ])
})

test('timers survive a restart', t => {
  const store = new MemoryStore()
  driveTopology(reminders(), { store }).feed(touches, 'u1' as User, { item: 'tea' }, 0)
  const driver = driveTopology(reminders(), { store })
  driver.tick(minutes(31))
  t.is(driver.outputs(loud).length, 1)
})

test('history is never late, and its timers fire by its own time, whatever live traffic does meanwhile', t => {
  const driver = driveTopology(reminders())
  driver.feed(touches, 'live' as User, { item: 'tea' }, days(400))
  driver.load(touches, 'old' as User, { item: 'tea' }, days(1))
  driver.load(touches, 'old' as User, { item: 'cup' }, days(1) + minutes(10))
  driver.load(touches, 'other' as User, { item: 'cup' }, days(2))
  t.is(driver.stream.stats.late, 0)
  t.deepEqual(
    driver.outputs(loud).map(({ key, timestamp }) => [key, timestamp]),
    [['old', days(1) + minutes(40)]]
  )
  driver.endLoad(days(400) + minutes(31))
  t.deepEqual(
    driver
      .outputs(loud)
      .map(({ key }) => key)
      .sort(),
    ['live', 'old', 'other']
  )
  driver.feed(touches, 'late' as User, { item: 'x' }, days(300))
  t.is(driver.stream.stats.late, 1)
})

test('what is made of history is history too, so it is not late behind a view either', t => {
  type Touch = { item: string }
  const newest = view<User, Touch>('newest', { value: json(), equality: 'exact' })
  const keepNewest = processor({
    name: 'keep-newest',
    state: { touch: value(jsonCodec<Touch>()) },
    process: ({ value: touch }: { key: User; value: Touch; timestamp: number }, state) => state.touch.set(touch),
    view: (_: User, state) => state.touch.get() ?? null
  })
  const shout = processor({
    name: 'shout',
    graceMs: days(1),
    state: {},
    process(
      { key, value: touch }: { key: User; value: Touch | null; timestamp: number },
      _,
      emit: (k: User, v: Touch) => void
    ) {
      if (touch) emit(key, touch)
    }
  })
  const driver = driveTopology([
    topology('newest').from(touches).process(keepNewest).to(newest),
    topology('shouts').from(newest).process(shout).to(loud)
  ])
  driver.feed(touches, 'live' as User, { item: 'tea' }, days(400))
  driver.load(touches, 'old' as User, { item: 'cup' }, days(1))
  t.is(driver.stream.stats.late, 0)
  t.deepEqual(
    driver.outputs(loud).map(({ key }) => key),
    ['live', 'old']
  )
})

test('records of several inputs are taken in order of event time, then of rank', t => {
  const driver = driveTopology(topology('merged').from(touches).merge(from(renames)).to(loud), { commitEach: false })
  driver.append(touches, 'u' as User, { item: '3' }, 3)
  driver.append(touches, 'u' as User, { item: '1 behind 3' }, 1)
  driver.append(touches, 'u' as User, { item: '9' }, 9)
  driver.append(renames, 'u' as User, { item: '2' }, 2)
  driver.append(renames, 'u' as User, { item: '3b' }, 3)
  driver.append(renames, 'u' as User, { item: '10' }, 10)
  driver.commit()
  t.deepEqual(
    driver.outputs(loud).map(({ value }) => value?.item),
    ['2', '3', '1 behind 3', '3b', '9', '10']
  )
})

test('an index is fed with the step’s input and rebuilt after a restart and after an abort', t => {
  const indexed = () =>
    topology('indexed')
      .from(touches)
      .process(
        processor({
          name: 'look',
          state: {},
          index: {
            create: () => new Set<string>(),
            apply: (index: Set<string>, record: { key: User; value: { item: string }; timestamp: number }) =>
              void index.add(record.value.item)
          },
          process(
            { key, value }: { key: User; value: { item: string }; timestamp: number },
            _state,
            emit: (key: User, value: { item: string }) => void,
            index
          ) {
            if (value.item === 'poison') throw poison('sour', 'This item is sour.')
            emit(key, { item: [...index].join() })
          }
        })
      )
      .to(loud)
  const store = new MemoryStore()
  const driver = driveTopology(indexed(), { store })
  driver.feed(touches, 'u' as User, { item: 'a' }, 1)
  driver.feed(touches, 'u' as User, { item: 'poison' }, 2)
  const restarted = driveTopology(indexed(), { store })
  restarted.feed(touches, 'u' as User, { item: 'b' }, 3)
  t.deepEqual(
    restarted.outputs(loud).map(({ value }) => value?.item),
    ['a', 'a,poison,b']
  )
})

test('an emitted record above the limit of its topic is a dead letter of the record that caused it', t => {
  const small = topic<User, { item: string }>('small', { value: json(), recordBytesMax: 40 })
  const driver = driveTopology(
    topology('large')
      .from(touches)
      .map('copy', ({ key, value }) => ({ key, value }))
      .to(small)
  )
  driver.feed(touches, 'u' as User, { item: 'x'.repeat(50) }, 1)
  driver.feed(touches, 'u' as User, { item: 'x' }, 2)
  t.is(driver.outputs(small).length, 1)
  t.is(driver.deadLetters()[0].headers?.['millrace.error.code'], 'record_too_large')
})

test('state under a changed key must be repartitioned first', t => {
  const stream = topology('x')
    .from(touches)
    .map('rekey', ({ value }) => ({ key: value.item as User, value }))
  t.throws(() => stream.process(pairRecent()), { code: 'topology_not_partitioned' })
})
