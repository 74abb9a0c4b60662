import { createAPI, type Reader, Writer } from '@platformatic/kafka'
import type { AbortedTransaction } from './aborted-filter.ts'
import type { Versions } from './wire.ts'

export type Isolation = 'committed' | 'uncommitted'

export interface FetchRequest {
  maxWaitMs: number
  bytesMax: number
  isolation: Isolation
  topics: readonly { id: string; partitions: readonly FetchPosition[] }[]
}

export interface FetchPosition {
  partition: number
  leaderEpoch: number
  offset: number
  bytesMax: number
}

export interface FetchResponse {
  throttleTimeMs: number
  errorCode: number
  topics: { id: string; partitions: FetchedPartition[] }[]
}

export interface FetchedPartition {
  partition: number
  errorCode: number
  highWatermark: number
  lastStableOffset: number
  logStartOffset: number
  aborted: AbortedTransaction[]
  /** Record batches as they came, not looked at. */
  bytes: Buffer | null
}

/** No session is kept at the broker: KIP-227, session id 0 with the final epoch. */
const noSession = { id: 0, epoch: -1 }
const unknownEpoch = -1
const nobody = -1

function createRequest(version: number, { maxWaitMs, bytesMax, isolation, topics }: FetchRequest): Writer {
  const writer = Writer.create()
  // KIP-903 moved the replica's id into a tagged field, which consumers leave out.
  if (version < 15) writer.appendInt32(nobody)
  return writer
    .appendInt32(maxWaitMs)
    .appendInt32(1)
    .appendInt32(bytesMax)
    .appendInt8(isolation === 'committed' ? 1 : 0)
    .appendInt32(noSession.id)
    .appendInt32(noSession.epoch)
    .appendArray([...topics], (w, { id, partitions }) => {
      w.appendUUID(id).appendArray([...partitions], (w, one) => {
        w.appendInt32(one.partition)
          .appendInt32(one.leaderEpoch)
          .appendInt64(BigInt(one.offset))
          .appendInt32(unknownEpoch)
          .appendInt64(-1n)
          .appendInt32(one.bytesMax)
      })
    })
    .appendArray([], () => {})
    .appendString('')
    .appendTaggedFields()
}

/** Fetch Response, versions 13 to 17: errors stay with their partition, and record batches stay bytes. */
export function parseFetchResponse(reader: Reader): FetchResponse {
  const throttleTimeMs = reader.readInt32()
  const errorCode = reader.readInt16()
  reader.readInt32()
  const topics = reader.readArray(r => ({ id: r.readUUID(), partitions: r.readArray(parsePartition) }))
  return { throttleTimeMs, errorCode, topics }
}

function parsePartition(reader: Reader): FetchedPartition {
  const partition = reader.readInt32()
  const errorCode = reader.readInt16()
  const highWatermark = Number(reader.readInt64())
  const lastStableOffset = Number(reader.readInt64())
  const logStartOffset = Number(reader.readInt64())
  const aborted = reader.readArray(r => ({ producerId: Number(r.readInt64()), firstOffset: Number(r.readInt64()) }))
  reader.readInt32()
  const bytes = reader.readNullableBytes()
  return { partition, errorCode, highWatermark, lastStableOffset, logStartOffset, aborted, bytes }
}

/** Topics are named by id since v13 (KIP-516). */
export const fetchRecords: Versions<[FetchRequest], FetchResponse> = [17, 16, 15, 13].map(version =>
  createAPI<[FetchRequest], FetchResponse>(
    1,
    version,
    request => createRequest(version, request),
    (_id, _key, _version, reader) => parseFetchResponse(reader)
  )
)
