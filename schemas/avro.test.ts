import test from 'ava'
import { MillraceError } from '../engine/errors.ts'
import { avroCodec, bindSchemaIds, checkedInIds } from './avro.ts'
import ids from './ids.json' with { type: 'json' }
import type { Interaction } from './interaction.ts'
import type { ProductRow } from './tables.ts'

const event: Interaction = {
  event_id: 'e1',
  user_id: 'u1',
  session_id: null,
  event_type: 'view',
  product_id: 'tea',
  ts: 1_755_246_600_000,
  context: { referrer: 'home', price: 29.99, internal: true, nothing: null }
}
const codeOf = (error: unknown) => (error instanceof MillraceError ? `${error.code} ${error.remedy}` : String(error))

test('an event comes back as it was written', t => {
  const codec = avroCodec<Interaction>('interaction')
  t.deepEqual({ ...codec.decode(codec.encode(event)) }, event)
})

test('the bytes begin with zero and the id of the schema', t => {
  const bytes = avroCodec<Interaction>('interaction').encode(event)
  t.is(bytes.subarray(0, 5).toString('hex'), '0000000001')
})

test('a value larger than the shared buffer is written whole', t => {
  const codec = avroCodec<Interaction>('interaction')
  const large = { ...event, context: { text: 'x'.repeat(300_000) } }
  t.deepEqual({ ...codec.decode(codec.encode(large)) }, large)
})

test('two values in a row do not share their bytes', t => {
  const codec = avroCodec<Interaction>('interaction')
  const first = codec.encode(event)
  const copy = Buffer.from(first)
  codec.encode({ ...event, event_id: 'another' })
  t.deepEqual(first, copy)
})

for (const [what, bytes, code] of [
  ['bytes of another format', Buffer.from('{"event_id":"e1"}'), 'avro_invalid skip'],
  ['an empty value', Buffer.alloc(0), 'avro_invalid skip'],
  ['a schema id that nobody knows', Buffer.from('00000f4240', 'hex'), 'unknown_schema_id skip'],
  ['a schema that is another one', avroCodec('merge').encode({ user_id: 'u', ts: 1 }), 'unknown_schema_id skip'],
  ['a value that is cut off', avroCodec('interaction').encode(event).subarray(0, 20), 'avro_invalid skip'],
  [
    'bytes behind the end',
    Buffer.concat([avroCodec('interaction').encode(event), Buffer.from('x')]),
    'avro_invalid skip'
  ]
] as const) {
  test(`${what} becomes a dead letter`, t => {
    t.is(
      codeOf(t.throws(() => avroCodec('interaction').decode(Buffer.from(bytes)), { instanceOf: MillraceError })),
      code
    )
  })
}

test('a value that does not fit its schema is refused when it is written', t => {
  const error = t.throws(() => avroCodec('interaction').encode({ ...event, ts: 'yesterday' }), {
    instanceOf: MillraceError
  })
  t.is(codeOf(error), 'avro_invalid skip')
})

test('a value written under an older schema is read with the defaults of the newer one', t => {
  const older = {
    type: 'record',
    name: 'Product',
    namespace: 'millrace',
    fields: [
      { name: 'product_id', type: 'string' },
      { name: 'title', type: 'string' },
      { name: 'updated_at', type: 'long' }
    ]
  }
  const codec = avroCodec<ProductRow>('product', {
    ...checkedInIds,
    writtenUnder: id => (id === 99 ? older : undefined)
  })
  const old = Buffer.concat([Buffer.from('0000000063', 'hex'), Buffer.from([6, 116, 101, 97, 6, 84, 101, 97, 2])])
  const { product_id, title, active, price, updated_at } = codec.decode(old)
  t.deepEqual(
    { product_id, title, active, price, updated_at },
    { product_id: 'tea', title: 'Tea', active: true, price: null, updated_at: 1 }
  )
})

test('no two schemas share an id', t => {
  t.is(new Set(ids.map(({ id }) => id)).size, ids.length)
})

test('ids may be somebody else’s: of all codecs that were made without', t => {
  const codec = avroCodec<Interaction>('interaction')
  const older = codec.encode(event)
  bindSchemaIds({ idOf: () => 70_000, writtenUnder: id => (id === 1 ? checkedInIds.writtenUnder(1) : undefined) })
  try {
    const bytes = codec.encode(event)
    t.is(bytes.readUInt32BE(1), 70_000)
    t.deepEqual({ ...codec.decode(bytes) }, event)
    t.deepEqual({ ...codec.decode(older) }, event)
    t.is(avroCodec('interaction', checkedInIds).encode(event).readUInt32BE(1), 1)
  } finally {
    bindSchemaIds(checkedInIds)
  }
  t.deepEqual(codec.encode(event), older)
})
