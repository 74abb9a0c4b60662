import { createAPI, type Reader, Writer } from '@platformatic/kafka'
import type { Versions } from './wire.ts'

export interface ProduceRequest {
  transactionalId: string | null
  timeoutMs: number
  topics: readonly { name: string; partitions: readonly { partition: number; batch: Buffer }[] }[]
}

export interface ProduceResponse {
  throttleTimeMs: number
  topics: { name: string; partitions: ProducedPartition[] }[]
}

export interface ProducedPartition {
  partition: number
  errorCode: number
  baseOffset: number
  errorMessage: string | null
}

/** In-sync replicas have it: the only setting that loses nothing. */
const acksAll = -1

function createRequest({ transactionalId, timeoutMs, topics }: ProduceRequest): Writer {
  return Writer.create()
    .appendString(transactionalId)
    .appendInt16(acksAll)
    .appendInt32(timeoutMs)
    .appendArray([...topics], (w, { name, partitions }) => {
      w.appendString(name).appendArray([...partitions], (w, { partition, batch }) => {
        w.appendInt32(partition)
          .appendUnsignedVarInt(batch.length + 1)
          .append(batch)
      })
    })
    .appendTaggedFields()
}

/** Produce Response, versions 9 to 11: errors stay with their partition. */
export function parseProduceResponse(reader: Reader): ProduceResponse {
  const topics = reader.readArray(r => ({ name: r.readString(), partitions: r.readArray(parsePartition) }))
  return { topics, throttleTimeMs: reader.readInt32() }
}

function parsePartition(reader: Reader): ProducedPartition {
  const partition = reader.readInt32()
  const errorCode = reader.readInt16()
  const baseOffset = Number(reader.readInt64())
  reader.readInt64()
  reader.readInt64()
  reader.readArray(r => [r.readInt32(), r.readNullableString()])
  return { partition, errorCode, baseOffset, errorMessage: reader.readNullableString() }
}

/** v12 adds partitions to the transaction by itself (KIP-890), which needs the epochs of EndTxn v5: not used. */
export const produce: Versions<[ProduceRequest], ProduceResponse> = [11, 10, 9].map(version =>
  createAPI<[ProduceRequest], ProduceResponse>(0, version, createRequest, (_id, _key, _version, reader) =>
    parseProduceResponse(reader)
  )
)
