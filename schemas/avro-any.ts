import avsc from 'avsc'
import { poison } from '../engine/errors.ts'
import { avroHeaderBytes, type SchemaIds } from './avro.ts'

/**
 * Reads values whose schema is somebody else's, as Kafka Connect writes them: by the schema they were written under.
 * A `long` that a number cannot hold exactly is a BigInt.
 */
export function anyAvro(schemaIds: SchemaIds): { decode(bytes: Buffer): unknown } {
  const types = new Map<number, avsc.Type>()
  const typeOf = (id: number) => {
    const schema = schemaIds.writtenUnder(id)
    if (schema === undefined) throw poison('unknown_schema_id', `Nobody knows schema id ${id}.`)
    try {
      return avsc.Type.forSchema(schema as avsc.Schema, { omitRecordMethods: true, typeHook })
    } catch (error) {
      throw poison('unknown_schema_id', `Schema id ${id} is no Avro schema.`, error)
    }
  }
  return {
    decode(bytes) {
      if (bytes.length < avroHeaderBytes || bytes[0] !== 0) {
        throw poison('avro_invalid', 'The value is no Avro in the Confluent wire format.')
      }
      const id = bytes.readUInt32BE(1)
      let type = types.get(id)
      if (!type) {
        type = typeOf(id)
        types.set(id, type)
      }
      return decode(type, bytes, id)
    }
  }
}

function decode(type: avsc.Type, bytes: Buffer, id: number): unknown {
  try {
    const { value, offset } = type.decode(bytes, avroHeaderBytes) as { value: unknown; offset: number }
    if (offset === bytes.length) return value
  } catch (error) {
    throw poison('avro_invalid', `The value is no Avro of schema id ${id}.`, error)
  }
  throw poison('avro_invalid', `The value is cut off or has bytes behind its end; it is no Avro of schema id ${id}.`)
}

/** By hook: given by name, avsc would keep it in a list that a second version of a record then clashes with. */
function typeHook(schema: avsc.Schema): avsc.Type | undefined {
  const isLong = schema === 'long' || (schema as { type?: unknown }).type === 'long'
  return isLong ? exactLong : undefined
}

type Whole = number | bigint

const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n }

const exactLong = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => wholeOf(bytes.readBigInt64LE()),
  toBuffer(value: Whole) {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(BigInt(value))
    return bytes
  },
  fromJSON: (json: string | number) => wholeOf(BigInt(json)),
  toJSON: (value: Whole) => (typeof value === 'number' ? value : String(value)),
  isValid: (value: unknown) =>
    Number.isSafeInteger(value) || (typeof value === 'bigint' && value >= int64.min && value <= int64.max),
  compare: (a: Whole, b: Whole) => (a < b ? -1 : a > b ? 1 : 0)
})

function wholeOf(value: bigint): Whole {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
