import test from 'ava'
import avsc from 'avsc'
import { codeOf } from '../engine/errors.ts'
import type { SchemaIds } from './avro.ts'
import { anyAvro } from './avro-any.ts'

const row = (fields: object[]) => ({ type: 'record', name: 'Row', namespace: 'shop', fields })
const first = row([{ name: 'id', type: 'long' }])
const second = row([
  { name: 'id', type: 'long' },
  { name: 'owner', type: ['null', 'long'], default: null },
  { name: 'at', type: { type: 'long', 'connect.name': 'io.debezium.time.MicroTimestamp' } }
])
const ids: SchemaIds = {
  idOf: () => 0,
  writtenUnder: id => [first, second, { type: 'nonsense' }][id - 1]
}
const reader = anyAvro(ids)

/** As Connect writes it: zigzag varints of any size. */
function written(id: number, ...body: (bigint | 'branch-1')[]): Buffer {
  const bytes = [0, 0, 0, 0, id]
  for (const one of body) {
    let rest = one === 'branch-1' ? 2n : BigInt.asUintN(64, (one << 1n) ^ (one >> 63n))
    for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
    bytes.push(Number(rest))
  }
  return Buffer.from(bytes)
}

test('whole numbers beyond 2^53 survive, and smaller ones are numbers', t => {
  t.deepEqual({ ...(reader.decode(written(1, 9_007_199_254_740_993n)) as object) }, { id: 9_007_199_254_740_993n })
  t.deepEqual({ ...(reader.decode(written(1, -(2n ** 63n))) as object) }, { id: -(2n ** 63n) })
  t.deepEqual({ ...(reader.decode(written(1, 42n)) as object) }, { id: 42 })
})

test('two versions of a record live beside each other, longs in unions and with names of their own too', t => {
  t.deepEqual(
    { ...(reader.decode(written(2, 1n, 'branch-1', 2n ** 62n, 1_763_960_000_123_456n)) as object) },
    {
      id: 1,
      owner: 2n ** 62n,
      at: 1_763_960_000_123_456
    }
  )
  t.deepEqual({ ...(reader.decode(written(1, 7n)) as object) }, { id: 7 })
})

test('what is no Avro of its schema, or of a schema that nobody knows, is a dead letter', t => {
  const failure = (bytes: Buffer) => codeOf(t.throws(() => reader.decode(bytes)))
  t.is(failure(written(9, 1n)), 'unknown_schema_id')
  t.is(failure(written(3, 1n)), 'unknown_schema_id')
  t.is(failure(written(1)), 'avro_invalid')
  t.is(failure(written(1, 1n, 2n)), 'avro_invalid')
  t.is(failure(Buffer.from('{"id":1}')), 'avro_invalid')
})

test('the same bytes are written by others too', t => {
  const body = avsc.Type.forSchema(first as avsc.Schema).toBuffer({ id: 12345 })
  t.deepEqual(Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), body]), written(1, 12345n))
})
