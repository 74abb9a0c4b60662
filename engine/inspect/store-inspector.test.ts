import test from 'ava'
import {
  type Id,
  jsonCodec,
  minutes,
  numberCodec,
  processor,
  type Topology,
  table,
  topic,
  topology,
  type ValueCodec,
  value,
  view
} from '../index.ts'
import type { StoreInspector } from '../ports/store-inspector.ts'
import { NameIds } from '../stores/name-ids.ts'
import { viewRowKey } from '../task/views.ts'
import { driveTopology, type TopologyDriver } from '../testing/drive-topology.ts'
import { EngineInspector } from './store-inspector.ts'

type User = Id<'user'>

const json = <T>(): ValueCodec<T> => ({
  encode: value => Buffer.from(JSON.stringify(value)),
  decode: bytes => JSON.parse(bytes.toString()) as T
})

const touches = topic<User, { item: string }>('touches', { value: json() })
const totals = view<User, { total: number }>('totals', { value: json(), equality: 'exact' })

const counting = (layout: 'packed' | 'rows') =>
  topology('counting')
    .from(touches)
    .process(
      processor({
        name: 'count',
        graceMs: minutes(1),
        state: {
          counts: table(numberCodec, { layout }),
          last: value(numberCodec, { ttlMs: minutes(30), equality: 'order' }),
          score: value(jsonCodec<Map<string, number> | number>(), { equality: { tolerance: 1e-2 } })
        },
        process({ value, timestamp }: { key: User; value: { item: string }; timestamp: number }, state) {
          state.counts.set(value.item, (state.counts.get(value.item) ?? 0) + 1)
          state.last.set(timestamp)
          state.score.set(1 / 3 + timestamp * 1e-12)
          state.timers.at(timestamp + minutes(10))
        },
        onTimer() {},
        view: (_key: User, state) => ({ total: [...state.counts.entries()].reduce((sum, [, count]) => sum + count, 0) })
      })
    )
    .to(totals)

const weigh = processor({
  name: 'weigh',
  state: { weights: value(numberCodec) },
  process({ timestamp }: { key: User; value: { item: string }; timestamp: number }, state) {
    state.weights.set(timestamp)
  },
  view: (_key: User, state) => {
    const total = state.weights.get()
    return total === undefined ? null : { total }
  }
})

const input: [string, string, number][] = Array.from({ length: 40 }, (_, i) => [
  `u${i % 7}`,
  `i${(i * 5) % 6}`,
  i * 60_000
])

function driven(options: {
  partitions?: number
  layout?: 'packed' | 'rows'
  commitEvery?: number
  reversed?: boolean
}) {
  const { partitions = 1, layout = 'packed', commitEvery = 1 } = options
  const topologies = [counting(layout)]
  const driver = driveTopology(topologies, { partitions, commitEach: false })
  input.forEach(([user, item, time], i) => {
    driver.append(touches, user as User, { item }, time)
    if (i % commitEvery === 0) driver.commit()
  })
  driver.tick(41 * 60_000)
  driver.commit()
  const { store, log } = driver
  return { driver, inspector: new EngineInspector({ store, log, topologies, namespace: 'millrace', partitions }) }
}

function ended<R>(generator: Generator<unknown, R>): R {
  for (;;) {
    const step = generator.next()
    if (step.done) return step.value
  }
}

const digests = (inspector: StoreInspector) => ended(inspector.digest())

test('digests do not depend on partitions, layout or commits', t => {
  const expected = digests(driven({}).inspector)
  for (const options of [
    { partitions: 4 },
    { layout: 'rows' },
    { commitEvery: 40 },
    { partitions: 3, commitEvery: 7 }
  ] as const) {
    t.deepEqual(digests(driven(options).inspector), expected, JSON.stringify(options))
  }
  t.deepEqual(
    expected.map(({ store, class: equality, keys }) => [store, equality, keys]),
    [
      ['counting.v1.count.counts', 'exact', 7],
      ['counting.v1.count.last', 'order', 7],
      ['counting.v1.count.score', 'tolerance', 7],
      ['counting.v1.count.timers', 'tolerance', 8],
      ['totals', 'exact', 7]
    ]
  )
})

test('a digest differs where the content does', t => {
  const { driver, inspector } = driven({})
  const before = digests(inspector)
  driver.feed(touches, 'u1' as User, { item: 'i1' }, 40 * 60_000)
  driver.commit()
  const changed = digests(inspector).filter(({ digest }, i) => digest !== before[i].digest)
  t.true(changed.some(({ store }) => store === 'counting.v1.count.counts'))
  t.true(changed.some(({ store }) => store === 'totals'))
  t.false(
    changed.some(({ store }) => store === 'counting.v1.count.score'),
    'rounded away'
  )
})

for (const layout of ['packed', 'rows'] as const) {
  test(`entries are shown decoded, by key and by prefix, stored as ${layout}`, t => {
    const { inspector } = driven({ partitions: 2, layout })
    t.deepEqual(inspector.get('counting.v1.count.counts', 'u1')?.value, { i0: 1, i1: 1, i2: 1, i3: 1, i4: 1, i5: 1 })
    t.is(inspector.get('counting.v1.count.counts', 'u'), null)
    t.deepEqual(
      [...inspector.scan('counting.v1.count.counts', 'u')].map(({ key }) => key),
      ['u0', 'u1', 'u2', 'u3', 'u4', 'u5', 'u6']
    )
    t.deepEqual(inspector.get('totals', 'u1')?.value, { total: 6 })
    t.throws(() => inspector.get('nope', 'u1'), { code: 'store_unknown' })
  })
}

test('what is past its time to live is not there, deleted or not', t => {
  const { driver, inspector } = driven({})
  driver.tick(100 * 60_000)
  driver.commit()
  t.deepEqual([...inspector.scan('counting.v1.count.last', '')], [])
})

const problemsOf = (inspector: StoreInspector) =>
  ended(inspector.verify()).flatMap(({ name, problems }) => problems.map(problem => `${name}: ${problem}`))

test('a sound directory has no problems', t => {
  for (const layout of ['packed', 'rows'] as const) {
    const { inspector } = driven({ layout, partitions: 4 })
    t.deepEqual(problemsOf(inspector), [])
    t.true(ended(inspector.verify()).every(({ read, name }) => read > 0 || name === 'dead-letters'))
  }
})

function tamper({ store }: TopologyDriver, change: (viewId: number) => [key: Buffer, value: Buffer | null]): void {
  const [key, value] = change(new NameIds(store).idOf('view', 'totals'))
  const batch = store.batch()
  if (value) batch.put('views', key, value)
  else batch.delete('views', key)
  store.write(batch)
}

test('a view row that is wrong, missing or too many is found', t => {
  for (const [key, value] of [
    ['u1', Buffer.from('{"total":7}')],
    ['u1', null],
    ['nobody', Buffer.from('{"total":7}')]
  ] as const) {
    const { driver, inspector } = driven({ partitions: 2 })
    tamper(driver, id => [viewRowKey(id, key), value])
    t.true(
      problemsOf(inspector).every(problem => problem.startsWith(`totals (against its state): Key "${key}"`)),
      key
    )
    t.true(problemsOf(inspector).length > 0)
  }
})

test('rows that another writer of the view has left are sound while they are what its state says', t => {
  const { driver } = driven({ partitions: 2 })
  const other = topology('weighing').from(touches).process(weigh).to(totals)
  const { store, log } = driver
  const inspector = (earlier: readonly Topology[]) =>
    new EngineInspector({ store, log, topologies: [other], earlier, namespace: 'millrace', partitions: 2 })
  // The new writer has begun, and knows none of the keys.
  const ids = new NameIds(store)
  for (const name of ['weights', 'timers']) ids.idOf('store', `weighing.v1.weigh.${name}`)
  t.is(problemsOf(inspector([])).length, 7)
  t.deepEqual(problemsOf(inspector([counting('packed'), other])), [])
  tamper(driver, id => [viewRowKey(id, 'u1'), Buffer.from('{"total":7}')])
  t.is(problemsOf(inspector([counting('packed')])).length, 1)
})

test('a row that cannot be decoded is found', t => {
  const { driver, inspector } = driven({})
  const id = new NameIds(driver.store).idOf('store', 'counting.v1.count.last')
  const batch = driver.store.batch()
  batch.put('state', Buffer.from([id >> 8, id, 0, 0, 97]), Buffer.from('?????????????'))
  driver.store.write(batch)
  t.regex(problemsOf(inspector)[0], /counting\.v1\.count\.last: .*layout version/)
})
