import { crc32c } from '@platformatic/kafka'
import { stop } from '../../engine/errors.ts'
import type { TopicPartition } from '../../engine/log/log.ts'
import { type AbortedTransaction, abortedFilter, type FilteredBatch } from './aborted-filter.ts'
import * as layout from './batch-layout.ts'
import { compressions, decompress } from './compression.ts'
import { RecordRun } from './record-run.ts'

/** What a fetch returned for one partition, as it came. */
export interface FetchedBytes extends TopicPartition {
  bytes: Buffer
  /** Records before this were asked for by nobody: a batch is always sent whole. */
  fromOffset: number
  /** Empty when read uncommitted. */
  aborted: readonly AbortedTransaction[]
}

interface WireBatch extends FilteredBatch {
  start: number
  end: number
  baseOffset: number
  attributes: number
  count: number
}

/** Below this a record's varints are read by bit operations; nothing that fits in a buffer reaches it. */
const offsetMax = Number.MAX_SAFE_INTEGER

/**
 * Decodes fetched bytes into runs of visible records: consecutive uncompressed batches are one run over the bytes as they
 * came, a compressed batch is a run of its own. Control batches, aborted transactions and emptied batches leave no
 * record, but runs and `nextOffset` reach behind them. A batch cut off at the end is left for the next fetch (KIP-74).
 */
export function decodeBatches(fetched: FetchedBytes): { runs: RecordRun[]; nextOffset: number } {
  const { bytes, fromOffset } = fetched
  const isVisible = abortedFilter(fetched.aborted)
  const runs: RecordRun[] = []
  let plain: RecordRun | null = null
  let nextOffset = fromOffset
  for (let at = 0; ; ) {
    const batch = batchAt(fetched, at)
    if (!batch) break
    at = batch.end
    if (isVisible(batch) && batch.count > 0 && batch.lastOffset >= fromOffset) {
      const kind = batch.attributes & layout.compressionBits
      if (kind === 0) {
        plain ??= opened(runs, fetched, bytes)
        decodeRecords(fetched, batch, { run: plain, start: batch.start + layout.headerBytes, end: batch.end })
      } else {
        plain = null
        const unfolded = unfold(fetched, batch, kind)
        decodeRecords(fetched, batch, { run: opened(runs, fetched, unfolded), start: 0, end: unfolded.length })
      }
    }
    if (batch.lastOffset >= nextOffset) nextOffset = batch.lastOffset + 1
    runs.at(-1)?.reaches(nextOffset)
  }
  return { runs: runs.filter(({ count }) => count > 0), nextOffset }
}

/** Behind the last whole batch, by the batches' headers alone; `fromOffset` if there is none. */
export function extentOf({ bytes, fromOffset }: FetchedBytes): number {
  let next = fromOffset
  for (let at = 0; at + layout.headerBytes <= bytes.length; ) {
    const length = bytes.readInt32BE(at + layout.lengthAt)
    const end = at + layout.overheadBytes + length
    if (length < layout.headerBytes - layout.overheadBytes || end > bytes.length) break
    const lastOffset = readLong(bytes, at) + bytes.readInt32BE(at + layout.lastOffsetDeltaAt)
    if (lastOffset >= next && lastOffset < offsetMax) next = lastOffset + 1
    at = end
  }
  return next
}

function opened(runs: RecordRun[], { topic, partition }: TopicPartition, buffer: Buffer): RecordRun {
  const run = new RecordRun({ topic, partition }, buffer)
  runs.push(run)
  return run
}

function batchAt(fetched: FetchedBytes, start: number): WireBatch | null {
  const { bytes } = fetched
  if (start + layout.headerBytes > bytes.length) return null
  const length = bytes.readInt32BE(start + layout.lengthAt)
  const end = start + layout.overheadBytes + length
  const baseOffset = readLong(bytes, start)
  const magic = bytes[start + layout.magicAt]
  if (magic !== layout.magic) throw damaged(fetched, baseOffset, `its format is ${magic}, and only 2 is read`)
  if (length < layout.headerBytes - layout.overheadBytes) throw damaged(fetched, baseOffset, 'its length is too small')
  if (end > bytes.length) return null
  const crc = bytes.readUInt32BE(start + layout.crcAt)
  if (crc32c(bytes.subarray(start + layout.attributesAt, end)) !== crc)
    throw damaged(fetched, baseOffset, 'its CRC differs')
  const attributes = bytes.readInt16BE(start + layout.attributesAt)
  const lastOffset = baseOffset + bytes.readInt32BE(start + layout.lastOffsetDeltaAt)
  const isControl = (attributes & layout.controlBit) !== 0
  const count = bytes.readInt32BE(start + layout.countAt)
  const isPossible = baseOffset >= 0 && lastOffset >= baseOffset && lastOffset < offsetMax && count >= 0
  if (!isPossible) throw damaged(fetched, baseOffset, 'its offsets are impossible')
  return {
    start,
    end,
    baseOffset,
    lastOffset,
    attributes,
    count,
    producerId: readLong(bytes, start + layout.producerIdAt),
    isTransactional: (attributes & layout.transactionalBit) !== 0,
    isControl,
    isAbortMarker: isControl && count > 0 && markerType(bytes, start + layout.headerBytes, end) === 0
  }
}

/** Key of a control record: i16 version, i16 type; 0 aborts, 1 commits (protocol guide, "Control Batch"). */
function markerType(bytes: Buffer, start: number, end: number): number {
  // length, attributes, two deltas of one byte each and the key's length stand before it; all small in a control batch.
  let at = start
  for (let field = 0; field < 5; field++) while (bytes[at++] > 127 && at < end);
  return at + 4 <= end ? bytes.readInt16BE(at + 2) : -1
}

function unfold(fetched: FetchedBytes, { start, end, baseOffset }: WireBatch, kind: number): Buffer {
  const name = compressions[kind]
  if (!name) throw damaged(fetched, baseOffset, `its compression ${kind} is unknown`)
  try {
    return decompress(name, fetched.bytes.subarray(start + layout.headerBytes, end))
  } catch (error) {
    throw damaged(fetched, baseOffset, `it cannot be unfolded (${name})`, error)
  }
}

function decodeRecords(fetched: FetchedBytes, batch: WireBatch, place: { run: RecordRun; start: number; end: number }) {
  const { run, start, end } = place
  if (batch.count > (end - start) / layout.recordBytesMin) {
    throw damaged(fetched, batch.baseOffset, 'it is too short for its records')
  }
  const baseTimestamp = readLong(fetched.bytes, batch.start + layout.baseTimestampAt)
  const isAppendTime = (batch.attributes & layout.logAppendTimeBit) !== 0
  const decoded = run.decode({
    start,
    end,
    count: batch.count,
    baseOffset: batch.baseOffset,
    lastOffset: batch.lastOffset,
    fromOffset: fetched.fromOffset,
    baseTimestamp,
    // KIP-32: with LogAppendTime the batch's largest timestamp is that of every record.
    appendTime: isAppendTime ? readLong(fetched.bytes, batch.start + layout.maxTimestampAt) : undefined
  })
  if (!decoded) throw damaged(fetched, batch.baseOffset, 'its records do not add up')
}

function readLong(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 4294967296 + bytes.readUInt32BE(at + 4)
}

function damaged({ topic, partition }: TopicPartition, offset: number, how: string, cause?: unknown) {
  return stop(
    'kafka_batch_damaged',
    `The batch of ${topic}, partition ${partition}, at offset ${offset} cannot be read: ${how}. Repair the topic (another replica, the lake), or move the group past it.`,
    cause
  )
}
