import { readFileSync } from 'node:fs'
import avsc from 'avsc'
import { poison, stop } from '../engine/errors.ts'
import type { ValueCodec } from '../engine/topic.ts'
import ids from './ids.json' with { type: 'json' }

/**
 * Avro in the Confluent wire format: 0x00, the schema's id as u32, the body. A schema that changes gets a new id and its
 * older form stays known under the old one, so that what is on the log can always be read.
 */

/** Who knows the ids: a schema registry, or the embedded log's own checked-in list. */
export interface SchemaIds {
  /** Of the form of `schema` that is written now. */
  idOf(schema: string): number
  /**
   * The schema that was written under an id, as JSON; undefined where there is none. Throws a `retry` where that cannot
   * be found out now: the record is no dead letter, it waits.
   */
  writtenUnder(id: number): unknown
}

/** Also says which schema it writes: that is its subject's in a registry. */
export interface AvroCodec<V> extends ValueCodec<V> {
  readonly schema: string
}

export const avroHeaderBytes = 5
const scratchStartBytes = 64 * 1024
const scratchBytesMax = 16 << 20

/** Shared by all codecs of a thread: encoding is synchronous. */
let scratch = Buffer.allocUnsafeSlow(scratchStartBytes)

/** Who knows the ids for codecs that were made without: a thread's start says it, before its first record. */
let bound: SchemaIds | undefined

export function bindSchemaIds(schemaIds: SchemaIds): void {
  bound = schemaIds
}

/** Codec of `schemas/<schema>.avsc`. */
export function avroCodec<V>(schema: string, given?: SchemaIds): AvroCodec<V> {
  const type = parse(schemaOf(schema))
  const resolvers = new Map<number, { type: avsc.Type; resolver: avsc.Resolver }>()
  let known = given ?? bound ?? checkedInIds
  let id = known.idOf(schema)
  const current = () => {
    const schemaIds = given ?? bound ?? checkedInIds
    if (schemaIds === known) return
    id = schemaIds.idOf(schema)
    known = schemaIds
    resolvers.clear()
  }
  return {
    schema,
    encode(value) {
      current()
      return encode(schema, type, id, value)
    },
    decode(bytes) {
      current()
      if (bytes.length < avroHeaderBytes || bytes[0] !== 0) {
        throw poison('avro_invalid', `The value is no Avro in the Confluent wire format, which ${schema} needs.`)
      }
      const writtenId = bytes.readUInt32BE(1)
      if (writtenId === id) return decode(schema, type, bytes) as V
      let written = resolvers.get(writtenId)
      if (!written) {
        written = resolverOf(schema, type, writtenId, known.writtenUnder(writtenId))
        resolvers.set(writtenId, written)
      }
      return decode(schema, type, bytes, written.resolver) as V
    }
  }
}

/** The name of the schema a codec writes with; undefined where that is no Avro. */
export function schemaNameOf(codec: ValueCodec<unknown>): string | undefined {
  return (codec as Partial<AvroCodec<unknown>>).schema
}

/** The text of `schemas/<schema>.avsc`. */
export function schemaText(schema: string): string {
  return JSON.stringify(schemaOf(schema))
}

/** The ids of `schemas/ids.json`. */
export const checkedInIds: SchemaIds = {
  idOf(schema) {
    const entry = ids.findLast(known => known.schema === schema)
    if (!entry) throw stop('schema_without_id', `Schema ${schema} has no id: add it to schemas/ids.json.`)
    return entry.id
  },
  writtenUnder(id) {
    const entry = ids.find(known => known.id === id)
    return entry && schemaOf(entry.schema)
  }
}

function encode(schema: string, type: avsc.Type, id: number, value: unknown): Buffer {
  let end: number
  try {
    end = type.encode(value, scratch, avroHeaderBytes)
    while (end < 0 && scratch.length < scratchBytesMax) {
      scratch = Buffer.allocUnsafeSlow(scratch.length * 2)
      end = type.encode(value, scratch, avroHeaderBytes)
    }
  } catch (error) {
    throw poison('avro_invalid', `A value does not fit the schema ${schema}.`, error)
  }
  if (end < 0) throw poison('record_too_large', `A value of ${schema} has more than ${scratchBytesMax} bytes.`)
  const bytes = Buffer.allocUnsafe(end)
  scratch.copy(bytes, 0, 0, end)
  bytes[0] = 0
  bytes.writeUInt32BE(id, 1)
  return bytes
}

function decode(schema: string, type: avsc.Type, bytes: Buffer, resolver?: avsc.Resolver): unknown {
  let decoded: { value: unknown; offset: number }
  try {
    decoded = type.decode(bytes, avroHeaderBytes, resolver)
  } catch (error) {
    throw poison('avro_invalid', `The value is no Avro of schema ${schema}.`, error)
  }
  if (decoded.offset !== bytes.length) {
    throw poison('avro_invalid', `The value is cut off or has bytes behind its end; it is no Avro of schema ${schema}.`)
  }
  return decoded.value
}

function resolverOf(schema: string, type: avsc.Type, id: number, written: unknown) {
  if (written === undefined)
    throw poison('unknown_schema_id', `Nobody knows schema id ${id}, found where ${schema} is expected.`)
  try {
    const writer = parse(written)
    return { type: writer, resolver: type.createResolver(writer) }
  } catch (error) {
    throw poison('unknown_schema_id', `Schema id ${id} cannot be read as ${schema}.`, error)
  }
}

function parse(schema: unknown): avsc.Type {
  return avsc.Type.forSchema(schema as avsc.Schema, { omitRecordMethods: true })
}

function schemaOf(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`./${name}.avsc`, import.meta.url), 'utf8'))
}
