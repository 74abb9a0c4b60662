import { isUtf8 } from 'node:buffer'
import { codeOf } from '../../engine/errors.ts'
import type { RawRecord } from '../admin/raw-record.ts'
import type { TopicBook } from './topic-book.ts'

/** A record as commands print it. */
export interface ShownRecord {
  topic: string
  partition: number
  offset: number
  /** RFC 3339. */
  timestamp: string
  key: string | null
  /** Decoded; null is a tombstone. */
  value: unknown
  headers?: Readonly<Record<string, string>>
  /** Why the value could not be decoded; its bytes are in `value_base64`. */
  error?: string
  value_base64?: string
}

export function shownRecord(topic: string, record: RawRecord, book: TopicBook): ShownRecord {
  const { partition, offset, timestamp, key, value, headers } = record
  const shown = { topic, partition, offset, timestamp: new Date(timestamp).toISOString(), key, value: null as unknown }
  const rest = headers ? { headers } : {}
  if (value === null) return { ...shown, ...rest }
  const bytes = Buffer.from(value, 'base64')
  try {
    const decoded = book.decode(topic, bytes)
    return { ...shown, value: Buffer.isBuffer(decoded) ? textOf(decoded) : decoded, ...rest }
  } catch (error) {
    return { ...shown, ...rest, error: codeOf(error), value_base64: value }
  }
}

/** Bytes as text where they are text, else as base64. */
export function textOf(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString() : bytes.toString('base64')
}
