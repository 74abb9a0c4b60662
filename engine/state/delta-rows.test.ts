import test from 'ava'
import { codec } from '../codec.ts'
import { value } from '../index.ts'
import { MemoryStore } from '../stores/memory-store.ts'
import { CacheBudget } from './cache-budget.ts'
import { BoundValue } from './handles.ts'
import { StoreCache } from './store-cache.ts'

/** Numbers by name that know which of them have changed. */
class Scores {
  readonly byName = new Map<string, number>()
  readonly changed = new Set<string>()
  isNew = true

  set(name: string, score: number): void {
    this.byName.set(name, score)
    this.changed.add(name)
  }
}

const scoresCodec = codec<Scores>({
  version: 1,
  write(out, { byName }) {
    out.varint(byName.size)
    for (const [name, score] of byName) out.string(name).f64(score)
  },
  read(input) {
    const scores = new Scores()
    for (let left = input.varint(); left > 0; left--) scores.byName.set(input.string(), input.f64())
    return scores
  },
  deltas: {
    write(out, { byName, changed, isNew }) {
      out.varint(changed.size)
      for (const name of changed) out.string(name).f64(byName.get(name) ?? 0)
      return !isNew
    },
    apply({ byName }, input) {
      for (let left = input.varint(); left > 0; left--) byName.set(input.string(), input.f64())
    },
    stored(scores) {
      scores.changed.clear()
      scores.isNew = false
    },
    memoryBytes: ({ byName }) => byName.size * 32
  }
})

function start(ttlMs?: number) {
  const store = new MemoryStore()
  let written = 0
  let cache: StoreCache
  let scores: BoundValue<Scores>
  const reload = () => {
    const spec = value(scoresCodec, { ttlMs })
    cache = new StoreCache({ store, storeId: 1, partition: 0, spec, budget: new CacheBudget(1 << 20) })
    scores = new BoundValue<Scores>(cache, null)
  }
  reload()
  return {
    reload,
    at: (key: string, time = 0) => {
      scores.bind(key, time)
      return scores
    },
    commit: () => {
      const batch = store.batch()
      cache.flush(batch)
      written += batch.bytes
      store.write(batch)
      cache.settle()
    },
    rows: () => store.range('state', { gte: Buffer.from([0]), lt: Buffer.from([255]) }).length,
    written: () => written
  }
}

test('after any run of changes, commits, deletions and reloads a value is what it was', t => {
  let seed = 7
  const random = (below: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
    return (seed >> 8) % below
  }
  const { at, commit, reload } = start()
  const expected = new Map<string, Map<string, number>>()
  for (let step = 0; step < 20_000; step++) {
    const key = `k${random(3)}`
    const handle = at(key)
    if (random(200) === 0) {
      handle.delete()
      expected.delete(key)
    } else {
      const scores = handle.get() ?? new Scores()
      const name = `n${random(60)}`
      scores.set(name, step)
      handle.set(scores)
      expected.set(key, (expected.get(key) ?? new Map()).set(name, step))
    }
    if (random(3) === 0) commit()
    if (random(20) > 0) continue
    commit()
    reload()
    for (const each of ['k0', 'k1', 'k2']) t.deepEqual(at(each).get()?.byName, expected.get(each))
  }
})

test('little changes of a large value write little, and what is stored stays bounded', t => {
  const { at, commit, written, rows } = start()
  const scores = new Scores()
  for (let i = 0; i < 1000; i++) scores.set(`name ${i}`, i)
  at('key').set(scores)
  commit()
  const whole = written()
  for (let i = 0; i < 320; i++) {
    scores.set('name 5', i)
    at('key').set(scores)
    commit()
  }
  t.true(written() - whole < 11 * whole)
  t.is(rows(), 33)
})

test('a delta carries the time of its record', t => {
  const { at, commit, reload } = start(1000)
  const scores = new Scores()
  for (let i = 0; i < 50; i++) scores.set(`name ${i}`, i)
  at('key', 0).set(scores)
  commit()
  scores.set('name 1', 7)
  at('key', 900).set(scores)
  commit()
  reload()
  t.is(at('key', 1800).get()?.byName.get('name 1'), 7)
  t.is(at('key', 2000).get(), undefined)
})

test('a deleted value leaves no row behind', t => {
  const { at, commit, rows, reload } = start()
  const scores = new Scores()
  for (let i = 0; i < 50; i++) scores.set(`name ${i}`, i)
  for (let i = 0; i < 5; i++) {
    scores.set('name 1', i)
    at('key').set(scores)
    commit()
  }
  reload()
  at('key').delete()
  commit()
  t.is(rows(), 0)
})
