import type { RecordBatch } from '../../engine/log/log.ts'
import type { Headers } from '../../engine/record.ts'

/** A record as it lies on the log; the value in base64. */
export interface RawRecord {
  partition: number
  offset: number
  /** Epoch ms. */
  timestamp: number
  key: string | null
  value: string | null
  headers?: Headers
}

export function rawRecord(batch: RecordBatch, index: number): RawRecord {
  const headers = batch.headers(index)
  return {
    partition: batch.partition,
    offset: batch.offset(index),
    timestamp: batch.timestamp(index),
    key: batch.keyBytes(index) === null ? null : batch.key(index),
    value: batch.value(index)?.toString('base64') ?? null,
    ...(headers ? { headers } : {})
  }
}

/** Only records with that key; all where none is asked for. */
export function hasKey(batch: RecordBatch, index: number, key: string | undefined): boolean {
  return key === undefined || (batch.keyBytes(index) !== null && batch.key(index) === key)
}
