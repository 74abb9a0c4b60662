import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import test from 'ava'
import fc from 'fast-check'
import { codeOf } from '../../engine/errors.ts'
import { type ReadOptions, readRows } from './read-rows.ts'
import type { RowType } from './row-types.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-files-'))
test.after.always(() => rmSync(folder, { recursive: true }))

let files = 0
function file(ending: string, content: string | Buffer): string {
  const path = join(folder, `${files++}${ending}`)
  writeFileSync(path, content)
  return path
}

async function read(path: string, type?: RowType, options: ReadOptions = {}) {
  const rows: unknown[] = []
  const rejected: [line: number, code: string][] = []
  const types = new Set<string>()
  let bytes: [number, number | null] = [0, 0]
  for await (const batch of readRows(path, type, { now: 1000, ...options })) {
    types.add(batch.type)
    rows.push(...batch.rows)
    for (const { line, code } of batch.rejected) rejected.push([line, code])
    bytes = [batch.bytesRead, batch.bytesTotal]
  }
  return { rows, rejected, types: [...types], bytes }
}

async function failure(path: string, type?: RowType, options?: ReadOptions): Promise<string> {
  try {
    await read(path, type, options)
    return 'ok'
  } catch (error) {
    return codeOf(error)
  }
}

const tea = { event_id: 'e1', user_id: 'u1', event_type: 'view', product_id: 'tea', ts: '2025-08-15T08:30:00Z' }
const teaRead = { ...tea, session_id: null, ts: 1755246600000, context: {} }
const lines = (...values: unknown[]) => values.map(value => `${JSON.stringify(value)}\n`).join('')

for (const [ending, pack] of [
  ['.jsonl', Buffer.from],
  ['.jsonl.gz', gzipSync],
  ['.jsonl.br', brotliCompressSync],
  ['', gzipSync]
] as [string, (text: string) => Buffer][]) {
  test(`reads JSON lines from a file named *${ending}`, async t => {
    const content = pack(lines(tea, { ...tea, event_id: 'e2' }))
    const { rows, types, bytes } = await read(file(ending, content))
    t.deepEqual(rows, [teaRead, { ...teaRead, event_id: 'e2' }])
    t.deepEqual(types, ['events'])
    t.deepEqual(bytes, [content.length, content.length])
  })
}

test('reads stdin, compressed or not, however it is cut', async t => {
  for (const content of [Buffer.from(lines(tea, tea)), gzipSync(lines(tea, tea))]) {
    const stdin = Readable.from([...content].map(byte => Buffer.of(byte)))
    const { rows, bytes } = await read('-', undefined, { stdin })
    t.deepEqual(rows, [teaRead, teaRead])
    t.deepEqual(bytes, [content.length, null])
  }
})

test('bad lines are returned with their numbers, and the good ones read', async t => {
  const content = `\ufeff${lines(tea)}\n{"half":\n[1]\n${lines({ ...tea, event_type: 'buy' })}{"event_id":"x"}\r\n${JSON.stringify(tea)}`
  const { rows, rejected } = await read(file('.jsonl', content), 'events')
  t.deepEqual(rows, [teaRead, teaRead])
  t.deepEqual(rejected, [
    [3, 'bad_json'],
    [4, 'not_an_object'],
    [5, 'unknown_event_type'],
    [6, 'missing_field']
  ])
})

test('a rejected line keeps its text', async t => {
  for await (const { rejected } of readRows(file('.jsonl', 'oops\n'), 'events')) t.is(rejected[0].text, 'oops')
})

test('a line above 1 MiB is refused without being held, a line that is not UTF-8 too', async t => {
  const long = Buffer.alloc((1 << 20) + 1, 'x')
  const latin = Buffer.from(lines({ ...tea, product_id: 'café' }), 'latin1')
  const content = Buffer.concat([long, Buffer.from('\n'), latin, Buffer.from(lines(tea)), long])
  const { rows, rejected } = await read(file('.jsonl', content), 'events')
  t.deepEqual(rows, [teaRead])
  t.deepEqual(rejected, [
    [1, 'line_too_long'],
    [2, 'bad_encoding'],
    [4, 'line_too_long']
  ])
})

test('reads CSV: quotes, line breaks in a cell, empty cells as absent', async t => {
  const csv = 'product_id,title,price,stock\r\np1,"A ""big""\nlantern",3.39,7\r\n\r\np2,Mug,,\r\n'
  const { rows, types } = await read(file('.csv', csv))
  t.deepEqual(types, ['products'])
  t.deepEqual(
    (rows as { title: string; price: number | null; stock: number | null }[]).map(row => [
      row.title,
      row.price,
      row.stock
    ]),
    [
      ['A "big"\nlantern', 3.39, 7],
      ['Mug', null, null]
    ]
  )
})

test('reads CSV with semicolons or tabs', async t => {
  for (const mark of [';', '\t']) {
    const csv = [
      ['user_id', 'country'],
      ['u1', 'GB']
    ]
      .map(cells => `${cells.join(mark)}\n`)
      .join('')
    const { rows } = await read(file('', csv))
    t.like(rows[0], { user_id: 'u1', country: 'GB' })
  }
})

test('reads events from CSV: other columns are the context', async t => {
  const csv = [
    'event_id,user_id,session_id,event_type,product_id,ts,context.device,position,bot,context',
    'e1,u1,,view,tea,1755246600000,tv,3,false,"{""referrer"":""home""}"'
  ].join('\n')
  const { rows, rejected } = await read(file('.csv', csv))
  t.deepEqual(rejected, [])
  t.deepEqual(rows, [{ ...teaRead, context: { device: 'tv', position: 3, bot: false, referrer: 'home' } }])
})

test('bad CSV records are returned with their numbers', async t => {
  const csv = 'user_id,name\nu1\nu2,"open\nux,"e"\n,c\nu3,d\nu4,"never closed\n'
  const { rows, rejected } = await read(file('.csv', csv), 'users')
  t.deepEqual(rejected, [
    [2, 'bad_csv'],
    [4, 'bad_csv'],
    [5, 'missing_field'],
    [7, 'bad_csv']
  ])
  t.like(rows[0], { user_id: 'u3', name: 'd' })
})

test('an order without a customer is a guest in CSV too', async t => {
  const { rows } = await read(file('.csv', 'order_id,user_id,order_ts,total\no1,,2025-08-15T08:30:00Z,5\n'))
  t.like(rows[0], { order_id: 'o1', user_id: 'guest_o1', order_ts: 1755246600000 })
})

test('the type is told by the fields', async t => {
  const type = async (row: object) => (await read(file('.jsonl', lines(row)))).types[0]
  t.is(await type({ order_id: 'o', product_id: 'p', qty: 1 }), 'order-items')
  t.is(await type({ order_id: 'o', user_id: 'u', order_ts: 1 }), 'orders')
  t.is(await type({ product_id: 'p', title: 't' }), 'products')
  t.is(await type({ user_id: 'u' }), 'users')
  t.is(await failure(file('.jsonl', lines({ sku: 'p' }))), 'load_type_unknown')
})

test('columns of other names are mapped', async t => {
  const columns = { products: { product_id: 'sku', title: 'name', description: 'title' } }
  const path = file('.jsonl', lines({ sku: 'p1', name: 'Lantern', title: 'It glows.' }))
  const { rows, types } = await read(path, undefined, { columns })
  t.deepEqual(types, ['products'])
  t.like(rows[0], { product_id: 'p1', title: 'Lantern', description: 'It glows.' })
})

test('times in the file are shifted, absent ones are now', async t => {
  const path = file('.jsonl', lines(tea, { ...tea, ts: undefined }))
  const { rows } = await read(path, 'events', { timeShiftMs: 86_400_000 })
  t.deepEqual(
    rows.map(row => (row as { ts: number }).ts),
    [1755246600000 + 86_400_000, 1000]
  )
  const products = file('.jsonl', lines({ product_id: 'p', title: 't', created_at: 5 }))
  const shifted = await read(products, 'products', { timeShiftMs: -2 })
  t.like(shifted.rows[0], { created_at: 3, available_from: null, updated_at: 1000 })
})

test('a file that cannot be read at all says what to do', async t => {
  const cut = gzipSync(lines(tea)).subarray(0, 40)
  t.is(await failure(join(folder, 'nowhere.jsonl')), 'file_not_found')
  t.is(await failure(folder), 'file_unreadable')
  t.is(await failure(file('.jsonl.gz', cut), 'events'), 'file_damaged')
  t.is(await failure(file('.jsonl.br', 'not brotli at all'), 'events'), 'file_damaged')
  t.is(await failure(file('.csv', Buffer.from('user_id\nJosé\n', 'latin1'))), 'file_not_utf8')
  t.is(await failure(file('.csv', 'user_id,user_id\na,b\n')), 'bad_csv_header')
  t.is(await failure(file('.json', JSON.stringify([tea], null, 2))), 'file_is_json_array')
})

test('an empty file has no rows', async t => {
  t.deepEqual((await read(file('.jsonl', ''), 'events')).rows, [])
  t.deepEqual((await read(file('.csv', ''))).rows, [])
})

test('batches are bounded, and the file is read no faster than they are taken', async t => {
  const path = file('.jsonl', lines(...Array.from({ length: 50_000 }, () => tea)))
  const batches = readRows(path, 'events', { batchRowsMax: 10 })
  const { value } = await batches.next()
  t.is(value?.rows.length, 10)
  t.true(Number(value?.bytesRead) < Number(value?.bytesTotal) / 10)
  await batches.return(undefined)
})

test('a source that fails midway is an error, not an end', async t => {
  const broken = Readable.from(
    (async function* () {
      yield Buffer.from(lines(tea))
      throw Object.assign(new Error('gone'), { code: 'EIO' })
    })()
  )
  t.is(await failure('-', 'events', { stdin: broken }), 'file_unreadable')
})

test('whatever bytes come in, it is rows, rejected records or an error of ours', async t => {
  const text = fc.string({
    unit: fc.constantFrom('{', '"', ',', ':', '\n', '\r', 'a', '[', '}', '\\', 'é', '1', '\ufeff')
  })
  const bytes = fc.oneof(
    text.map(characters => Buffer.from(characters)),
    text.map(characters => gzipSync(characters)),
    fc.uint8Array({ maxLength: 200 }).map(values => Buffer.from(values))
  )
  await fc.assert(
    fc.asyncProperty(bytes, fc.constantFrom<RowType>('events', 'products', 'order-items'), async (content, type) => {
      t.not(await failure('-', type, { stdin: Readable.from([content]) }), 'unexpected')
    }),
    { numRuns: 1000 }
  )
})
