import type { ExecutionContext, TestFn } from 'ava'
import { type Column, columns, type StateStore } from './state-store.ts'

const bytes = (...values: number[]) => Buffer.from(values)
const text = (value: string) => Buffer.from(value)

/** What every `StateStore` promises. `open` gives an empty one; the suite closes it. */
export function storeContract(test: TestFn, name: string, open: () => Promise<StateStore>): void {
  const story = (title: string, run: (store: StateStore, t: ExecutionContext) => void) =>
    test(`${name}: ${title}`, async t => {
      const store = await open()
      try {
        run(store, t)
      } finally {
        await store.close()
      }
    })

  story('a batch is invisible until it is written, and visible as a whole then', (store, t) => {
    const batch = store.batch()
    batch.put('state', text('k1'), text('v1'))
    batch.put('meta', text('k2'), text('v2'))
    t.deepEqual(store.getMany('state', [text('k1')]), [undefined])
    store.write(batch)
    t.deepEqual(store.getMany('state', [text('k1')]), [text('v1')])
    t.deepEqual(store.getMany('meta', [text('k2')]), [text('v2')])
  })

  story('a batch that is never written leaves nothing behind', (store, t) => {
    store.batch().put('log', text('k1'), text('lost'))
    put(store, 'log', ['k2', 'kept'])
    t.deepEqual(rows(store, 'log'), ['k2=kept'])
  })

  story('the last operation on a key of a batch wins', (store, t) => {
    const batch = store.batch()
    batch.put('state', text('aa'), text('1'))
    batch.put('state', text('aa'), text('2'))
    batch.put('state', text('bb'), text('1'))
    batch.delete('state', text('bb'))
    store.write(batch)
    t.deepEqual(rows(store, 'state'), ['aa=2'])
  })

  story('a batch counts its operations, its bytes and the columns it touched', (store, t) => {
    const batch = store.batch()
    batch.put('state', text('abc'), text('defg'))
    batch.delete('views', text('ab'))
    t.is(batch.count, 2)
    t.is(batch.bytes, 9)
    t.deepEqual(
      columns.filter(column => batch.touched(column)),
      ['state', 'views']
    )
  })

  story('the buffers of a put may be reused at once', (store, t) => {
    const key = text('k1')
    const value = text('v1')
    const batch = store.batch()
    batch.put('state', key, value)
    key.fill(0)
    value.fill(0)
    store.write(batch)
    t.deepEqual(rows(store, 'state'), ['k1=v1'])
  })

  story('columns do not see each other', (store, t) => {
    for (const column of columns) put(store, column, ['key', column])
    for (const column of columns) t.deepEqual(rows(store, column), [`key=${column}`])
  })

  story('answers come in the order of the keys asked for, undefined where there is nothing', (store, t) => {
    put(store, 'state', ['aa', '1'], ['bb', '2'])
    const answers = store.getMany('state', [text('bb'), text('zz'), text('aa'), text('bb')])
    t.deepEqual(answers, [text('2'), undefined, text('1'), text('2')])
    t.deepEqual(store.getMany('state', []), [])
  })

  story('an empty value is a value', (store, t) => {
    put(store, 'state', ['aa', ''])
    t.deepEqual(store.getMany('state', [text('aa')]), [Buffer.alloc(0)])
  })

  story('rows sort by unsigned byte, a prefix before what it begins', (store, t) => {
    const keys = [
      bytes(0, 1),
      bytes(0, 255),
      bytes(1, 0),
      bytes(1, 0, 0),
      bytes(127, 0),
      bytes(128, 0),
      bytes(255, 254)
    ]
    const batch = store.batch()
    for (const key of keys.toReversed()) batch.put('state', key, bytes(1))
    store.write(batch)
    const found = store.range('state', { gte: bytes(0, 1), lt: bytes(255, 255) })
    t.deepEqual(
      found.map(([key]) => key),
      keys
    )
  })

  story('a range includes its start and excludes its end', (store, t) => {
    put(store, 'state', ['aa', '1'], ['bb', '2'], ['cc', '3'])
    t.deepEqual(rows(store, 'state', { gte: text('aa'), lt: text('cc') }), ['aa=1', 'bb=2'])
    t.deepEqual(rows(store, 'state', { gte: text('ab'), lt: text('bc') }), ['bb=2'])
    t.deepEqual(rows(store, 'state', { gte: text('cc'), lt: text('cc') }), [])
    t.deepEqual(rows(store, 'state', { gte: text('cc'), lt: text('aa') }), [])
    t.deepEqual(rows(store, 'state', { gte: text('dd'), lt: text('zz') }), [])
  })

  story('a reversed range starts at its end', (store, t) => {
    put(store, 'state', ['aa', '1'], ['bb', '2'], ['cc', '3'])
    t.deepEqual(rows(store, 'state', { gte: text('aa'), lt: text('cc'), reverse: true }), ['bb=2', 'aa=1'])
    t.deepEqual(rows(store, 'state', { gte: text('aa'), lt: text('zz'), reverse: true, limit: 1 }), ['cc=3'])
    t.deepEqual(rows(store, 'state', { gte: text('ab'), lt: text('b'), reverse: true }), [])
  })

  story('a range gives at most its limit, and 1,000 rows without one', (store, t) => {
    const batch = store.batch()
    for (let i = 0; i < 2500; i++) batch.put('state', numbered(i), bytes(1))
    store.write(batch)
    const all = { gte: numbered(0), lt: numbered(9999) }
    t.is(store.range('state', all).length, 1000)
    t.is(store.range('state', { ...all, limit: 2 }).length, 2)
    t.is(store.range('state', { ...all, limit: 0 }).length, 0)
    t.is(store.range('state', { ...all, limit: Infinity }).length, 2500)
    const last = store.range('state', { ...all, limit: 1200, reverse: true })
    t.deepEqual([last.length, last[0][0], last[1199][0]], [1200, numbered(2499), numbered(1300)])
  })

  story('a range stops behind the row that reaches its bytes', (store, t) => {
    put(store, 'state', ['aa', '12345678'], ['bb', '12345678'], ['cc', '12345678'])
    const keysWithin = (bytesMax: number) =>
      store.range('state', { gte: text('aa'), lt: text('zz'), bytesMax }).map(([key]) => key.toString())
    t.deepEqual(keysWithin(1), ['aa'])
    t.deepEqual(keysWithin(10), ['aa'])
    t.deepEqual(keysWithin(11), ['aa', 'bb'])
    t.deepEqual(keysWithin(1000), ['aa', 'bb', 'cc'])
  })

  story('a deleted row is gone, and deleting nothing is fine', (store, t) => {
    put(store, 'views', ['aa', '1'], ['bb', '2'])
    const batch = store.batch()
    batch.delete('views', text('aa'))
    batch.delete('views', text('zz'))
    store.write(batch)
    t.deepEqual(store.getMany('views', [text('aa')]), [undefined])
    t.deepEqual(rows(store, 'views'), ['bb=2'])
  })

  story('clearing a range deletes what is in it and nothing else', (store, t) => {
    put(store, 'state', ['aa', '1'], ['bb', '2'], ['bc', '3'], ['cc', '4'])
    put(store, 'views', ['bb', '5'])
    store.clear('state', { gte: text('bb'), lt: text('cc') })
    t.deepEqual(rows(store, 'state'), ['aa=1', 'cc=4'])
    t.deepEqual(rows(store, 'views'), ['bb=5'])
    put(store, 'state', ['bb', 'again'])
    t.deepEqual(rows(store, 'state'), ['aa=1', 'bb=again', 'cc=4'])
  })

  story('a value of 8 MiB comes back as it was', (store, t) => {
    const value = Buffer.alloc(8 << 20, 'millrace')
    const batch = store.batch()
    batch.put('log', text('big'), value)
    store.write(batch, { sync: true })
    t.true(store.getMany('log', [text('big')])[0]?.equals(value))
    t.true(store.range('log', { gte: text('b.'), lt: text('c.') })[0][1].equals(value))
  })

  story('what is written takes room', (store, t) => {
    const before = store.bytesOnDisk()
    put(store, 'state', ['aa', 'x'.repeat(10_000)])
    t.true(store.bytesOnDisk() >= before + 10_000)
  })

  story('what was read stays what it was when the row is overwritten', (store, t) => {
    put(store, 'state', ['aa', 'old'])
    const [before] = store.getMany('state', [text('aa')])
    put(store, 'state', ['aa', 'new'])
    t.deepEqual(before, text('old'))
  })

  story('20,000 rows written in a scattered order are all found in order', (store, t) => {
    const batch = store.batch()
    for (let i = 0; i < 20_000; i++) batch.put('state', numbered((i * 7919) % 20_000), bytes(i & 255))
    store.write(batch)
    const found = store.range('state', { gte: numbered(0), lt: numbered(99_999), limit: 30_000 })
    t.is(found.length, 20_000)
    t.true(found.every(([key], i) => key.equals(numbered(i))))
  })
}

function put(store: StateStore, column: Column, ...pairs: [key: string, value: string][]): void {
  const batch = store.batch()
  for (const [key, value] of pairs) batch.put(column, text(key), text(value))
  store.write(batch)
}

function rows(store: StateStore, column: Column, range: Partial<Parameters<StateStore['range']>[1]> = {}): string[] {
  return store.range(column, { gte: text('0.'), lt: text('zzz'), ...range }).map(([key, value]) => `${key}=${value}`)
}

function numbered(value: number): Buffer {
  const key = Buffer.alloc(4)
  key.writeUInt32BE(value)
  return key
}
