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
  /** The schema that was written under an id, as JSON; undefined where there is none. */
  writtenUnder(id: number): unknown
}

const headerBytes = 5
const scratchStartBytes = 64 * 1024
const scratchBytesMax = 16 << 20

/** Shared by all codecs of a thread: encoding is synchronous. */
let scratch = Buffer.allocUnsafeSlow(scratchStartBytes)

/** Codec of `schemas/<schema>.avsc`. */
export function avroCodec<V>(schema: string, schemaIds: SchemaIds = checkedInIds): ValueCodec<V> {
  const type = parse(schemaOf(schema))
  const id = schemaIds.idOf(schema)
  const resolvers = new Map<number, { type: avsc.Type; resolver: avsc.Resolver }>()
  return {
    encode: value => encode(schema, type, id, value),
    decode(bytes) {
      if (bytes.length < headerBytes || bytes[0] !== 0) {
        throw poison('avro_invalid', `The value is no Avro in the Confluent wire format, which ${schema} needs.`)
      }
      const writtenId = bytes.readUInt32BE(1)
      if (writtenId === id) return decode(schema, type, bytes) as V
      let written = resolvers.get(writtenId)
      if (!written) {
        written = resolverOf(schema, type, writtenId, schemaIds.writtenUnder(writtenId))
        resolvers.set(writtenId, written)
      }
      return decode(schema, type, bytes, written.resolver) as V
    }
  }
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
    end = type.encode(value, scratch, headerBytes)
    while (end < 0 && scratch.length < scratchBytesMax) {
      scratch = Buffer.allocUnsafeSlow(scratch.length * 2)
      end = type.encode(value, scratch, headerBytes)
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
    decoded = type.decode(bytes, headerBytes, resolver)
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
