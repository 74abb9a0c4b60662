import test from 'ava'
import { MemoryStore } from '../../engine/stores/memory-store.ts'
import type { StoreReader } from '../../engine/stores/state-store.ts'
import { viewRowKey } from '../../engine/task/views.ts'
import { view } from '../../engine/topic.ts'
import { MaterialisedView } from './materialised-view.ts'

const topic = view<'word', string>('words', {
  value: { encode: value => Buffer.from(value), decode: bytes => bytes.toString() },
  equality: 'exact'
})

function fixture(cacheBytesMax = 1 << 20) {
  const store = new MemoryStore()
  let reads = 0
  const reader: StoreReader = {
    getMany(column, keys) {
      reads++
      return store.getMany(column, keys)
    },
    range: (column, range) => store.range(column, range)
  }
  const options = { topic, store: reader, viewIdOf: () => 3, prepare: (row: string) => row.toUpperCase() }
  const words = new MaterialisedView({ ...options, cacheBytesMax })
  const write = (key: string, value: string | null) => {
    const batch = store.batch()
    if (value === null) batch.delete('views', viewRowKey(3, key))
    else batch.put('views', viewRowKey(3, key), Buffer.from(value))
    store.write(batch)
  }
  return { words, write, reads: () => reads }
}

test('reads and prepares a row once, also one that is not there', t => {
  const { words, write, reads } = fixture()
  write('a', 'apple')
  t.is(words.get('a'), 'APPLE')
  t.is(words.get('a'), 'APPLE')
  t.is(words.get('b'), null)
  t.is(words.get('b'), null)
  t.is(reads(), 2)
})

test('a change is seen by the next read, as is a row that goes or comes', t => {
  const { words, write } = fixture()
  write('a', 'apple')
  t.is(words.get('a'), 'APPLE')
  t.is(words.get('b'), null)
  write('a', 'avocado')
  write('b', 'bean')
  words.drop('a')
  words.drop('b')
  t.is(words.get('a'), 'AVOCADO')
  t.is(words.get('b'), 'BEAN')
  write('a', null)
  words.drop('a')
  t.is(words.get('a'), null)
})

test('a change that comes late never brings back what the store no longer holds', t => {
  const { words, write } = fixture()
  write('a', 'first')
  write('a', 'second')
  t.is(words.get('a'), 'SECOND')
  // The message about `first` arrives only now.
  words.drop('a')
  t.is(words.get('a'), 'SECOND')
})

test('reads all that is missing at once', t => {
  const { words, write, reads } = fixture()
  for (const key of ['a', 'b', 'c']) write(key, key)
  words.get('a')
  words.load(['a', 'b', 'c', 'd'])
  t.is(reads(), 2)
  t.deepEqual(
    ['a', 'b', 'c', 'd'].map(key => words.get(key)),
    ['A', 'B', 'C', null]
  )
  t.is(reads(), 2)
})

test('keeps no more than it may, forgets what was not asked for longest, and still answers', t => {
  const bound = 20_000
  const { words, write, reads } = fixture(bound)
  const keys = Array.from({ length: 500 }, (_, i) => `key ${i}`)
  for (const key of keys) write(key, key)
  for (const key of keys) {
    t.is(words.get(key), key.toUpperCase())
    words.get('key 0')
    t.true(words.cachedBytes <= bound)
  }
  const before = reads()
  words.get('key 0')
  t.is(reads(), before, 'what is asked for again and again stays')
})

test('a row larger than the cache is read each time', t => {
  const { words, write, reads } = fixture(1000)
  write('a', 'x'.repeat(5000))
  t.is(words.get('a')?.length, 5000)
  t.is(words.get('a')?.length, 5000)
  t.is(reads(), 2)
  t.is(words.cachedBytes, 0)
})

test('a view that nobody has written yet has no rows', t => {
  const store = new MemoryStore()
  const words = new MaterialisedView({
    topic,
    store,
    viewIdOf: () => undefined,
    prepare: row => row,
    cacheBytesMax: 1000
  })
  t.is(words.get('a'), null)
  t.is(words.row('a'), null)
})
