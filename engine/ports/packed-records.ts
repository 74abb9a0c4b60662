import { ByteReader, ByteWriter } from '../bytes.ts'
import type { NewRecord } from '../log/log.ts'
import type { Headers } from '../record.ts'

/**
 * Records as one buffer, for the way from one thread to another: the buffer is transferred, nothing is cloned.
 * Headers are those of all records of the message.
 */
export function packRecords(records: readonly NewRecord[], out = new ByteWriter(4096)): Uint8Array<ArrayBuffer> {
  out.reset().u32(records.length)
  for (const { key, value, timestamp } of records) {
    if (key === null) out.u8(0)
    else if (typeof key === 'string') out.u8(1).string(key)
    else out.u8(2).varint(key.length).bytes(key)
    out.zigzag(timestamp)
    if (value === null) out.varint(0)
    else out.varint(value.length + 1).bytes(value)
  }
  return new Uint8Array(out.view())
}

export function unpackRecords(packed: Uint8Array, headers?: Headers): NewRecord[] {
  const input = new ByteReader(Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength))
  const records = new Array<NewRecord>(input.u32())
  for (let i = 0; i < records.length; i++) {
    const keyKind = input.u8()
    const key = keyKind === 0 ? null : keyKind === 1 ? input.string() : input.bytes(input.varint())
    const timestamp = input.zigzag()
    const length = input.varint()
    records[i] = { key, timestamp, value: length === 0 ? null : input.bytes(length - 1), headers }
  }
  return records
}

/** A view row that changed, as it crosses from the stream thread to its readers. */
export interface ChangedRow {
  view: string
  key: string
  value: Buffer | null
}

/** In a buffer of its own, to be transferred: these are the largest messages between threads. */
export function packChanges(changes: readonly ChangedRow[]): Uint8Array<ArrayBuffer> {
  const views = [...new Set(changes.map(({ view }) => view))]
  const out = new ByteWriter(packedBytesMax(views, changes))
  out.u8(views.length)
  for (const view of views) out.string(view)
  out.u32(changes.length)
  for (const { view, key, value } of changes) {
    out.u8(views.indexOf(view)).string(key)
    if (value === null) out.varint(0)
    else out.varint(value.length + 1).bytes(value)
  }
  return new Uint8Array(out.buffer.buffer as ArrayBuffer, 0, out.position)
}

/** A text takes at most three bytes a character; integers take at most eight. */
function packedBytesMax(views: readonly string[], changes: readonly ChangedRow[]): number {
  let bytes = 16
  for (const view of views) bytes += view.length * 3 + 8
  for (const { key, value } of changes) bytes += key.length * 3 + (value?.length ?? 0) + 24
  return bytes
}

export function* unpackChanges(packed: Uint8Array): Generator<ChangedRow> {
  const input = new ByteReader(Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength))
  const views = Array.from({ length: input.u8() }, () => input.string())
  for (let left = input.u32(); left > 0; left--) {
    const view = views[input.u8()]
    const key = input.string()
    const length = input.varint()
    yield { view, key, value: length === 0 ? null : input.bytes(length - 1) }
  }
}
