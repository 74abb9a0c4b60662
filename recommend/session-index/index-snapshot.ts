import { MillraceError } from '../../engine/errors.ts'
import { ItemIds } from './item-ids.ts'
import { recordFloats } from './item-records.ts'
import type { Horizon, RetrievalParameters } from './parameters.ts'
import { SessionIndex } from './session-index.ts'
import type { SlicePool } from './slice-pool.ts'

const magic = 0x4d52_5349
const version = 2
const preludeBytes = 16

interface Header {
  parameters: RetrievalParameters
  offset: number
  /** The topic it was built from, by an id that a topic made anew does not share. */
  source: string
  open: [string, number][]
  counters: Record<'now' | 'clicks' | 'events' | 'items', number>
  sessions: Record<'base' | 'next' | 'origin' | 'offsetOrigin' | 'emptied', number>
  popular: { items: number[]; nextAt: number }
  freeSlices: readonly (readonly number[])[]
  freeRings: readonly (readonly number[])[]
  /** Bytes of each section, in order: records, session counts, heads, log, rings, ids. */
  sections: number[]
}

export interface SnapshotNotes {
  /** The first of the topic that the index has not seen. */
  offset: number
  source?: string
  /** Of `OpenSessions`. */
  open?: Iterable<[string, number]>
}

/**
 * The index as bytes, to be written one after the other: a prelude (magic, version, length of the header, checksum of
 * all that follows), a header in JSON, the arrays. They are views of the live arrays: write or copy them before the
 * next event.
 */
export function saveIndex(index: SessionIndex, { offset, source = '', open = [] }: SnapshotNotes): Uint8Array[] {
  const { sessions, items } = index
  const sections = [
    bytesOf(items.floats, items.count * recordFloats),
    bytesOf(items.sessions, items.count),
    bytesOf(sessions.heads, sessions.words),
    bytesOf(sessions.slices.words, sessions.slices.used),
    bytesOf(items.rings.words, items.rings.used),
    new TextEncoder().encode(JSON.stringify(index.ids.ids))
  ]
  const { now, clicks, events } = index
  const { base, next, origin, offsetOrigin, emptied } = sessions
  const header: Header = {
    parameters: index.parameters,
    offset,
    source,
    open: [...open],
    counters: { now, clicks, events, items: items.count },
    sessions: { base, next, origin, offsetOrigin, emptied },
    popular: { items: [...index.popular.items.subarray(0, index.popular.count)], nextAt: index.popular.nextAt },
    freeSlices: sessions.slices.free,
    freeRings: items.rings.free,
    sections: sections.map(({ byteLength }) => byteLength)
  }
  const text = padded(new TextEncoder().encode(JSON.stringify(header)))
  const parts = [text, ...sections]
  const prelude = new Uint32Array([magic, version, text.byteLength, checksum(parts)])
  return [new Uint8Array(prelude.buffer), ...parts]
}

/** Refuses, with the remedy `restore`, what is damaged, of another version or made with other parameters. */
export function loadIndex(
  saved: Uint8Array,
  parameters: RetrievalParameters,
  horizon?: Horizon
): { index: SessionIndex; offset: number; source: string; open: [string, number][] } {
  // A Buffer's `slice` would share its memory.
  const bytes = new Uint8Array(saved.buffer, saved.byteOffset, saved.byteLength)
  const prelude = bytes.byteLength >= preludeBytes ? new Uint32Array(bytes.slice(0, preludeBytes).buffer) : []
  if (prelude[0] !== magic || prelude[1] !== version) throw unusable('is not one of this version')
  const start = preludeBytes + prelude[2]
  if (start > bytes.byteLength) throw unusable('is cut off')
  const body = [bytes.subarray(preludeBytes, start), bytes.subarray(start)]
  if (checksum(body) !== prelude[3]) throw unusable('is damaged')
  const header = JSON.parse(new TextDecoder().decode(body[0])) as Header
  if (JSON.stringify(header.parameters) !== JSON.stringify(parameters)) throw unusable('was made with other parameters')
  const { offset, source, open } = header
  return { index: indexOf(header, sectionsOf(bytes, start, header.sections), horizon), offset, source, open }
}

function indexOf(
  header: Header,
  [records, counts, heads, log, rings, ids]: Uint8Array[],
  horizon?: Horizon
): SessionIndex {
  const index = new SessionIndex(header.parameters, horizon)
  const { now, clicks, events } = header.counters
  Object.assign(index, { now, clicks, events })
  Object.assign(index.sessions, header.sessions)
  index.popular.restore(header.popular.items, header.popular.nextAt)
  index.items.restore(new Float64Array(copyOf(records)), new Int32Array(copyOf(counts)))
  index.sessions.heads = new Int32Array(copyOf(heads))
  restorePool(index.sessions.slices, log, header.freeSlices)
  restorePool(index.items.rings, rings, header.freeRings)
  index.ids = new ItemIds()
  for (const id of JSON.parse(new TextDecoder().decode(ids)) as string[]) index.ids.add(id)
  return index
}

function restorePool(pool: SlicePool, words: Uint8Array, free: Header['freeSlices']): void {
  pool.restore(new Int32Array(copyOf(words)), free)
}

function sectionsOf(bytes: Uint8Array, start: number, lengths: readonly number[]): Uint8Array[] {
  let at = start
  return lengths.map(length => {
    at += length
    return bytes.subarray(at - length, at)
  })
}

function bytesOf(array: Int32Array | Float64Array, length: number): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, length * array.BYTES_PER_ELEMENT)
}

function copyOf(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer as ArrayBuffer
}

/** With blanks, to whole words of eight bytes. */
function padded(text: Uint8Array): Uint8Array {
  const longer = new Uint8Array(Math.ceil(text.byteLength / 8) * 8).fill(32)
  longer.set(text)
  return longer
}

/** FNV-1a over words of four bytes, then over what is left. */
function checksum(parts: readonly Uint8Array[]): number {
  let sum = 0x811c9dc5
  for (const part of parts) {
    const whole = part.byteLength & ~3
    const words = part.byteOffset % 4 === 0 ? new Uint32Array(part.buffer, part.byteOffset, whole / 4) : wordsOf(part)
    for (let i = 0; i < words.length; i++) sum = Math.imul(sum ^ words[i], 0x01000193)
    for (let i = whole; i < part.byteLength; i++) sum = Math.imul(sum ^ part[i], 0x01000193)
  }
  return sum >>> 0
}

function wordsOf(part: Uint8Array): Uint32Array {
  return new Uint32Array(part.slice(0, part.byteLength & ~3).buffer)
}

function unusable(what: string): MillraceError {
  return new MillraceError(
    'snapshot_unusable',
    'restore',
    `The snapshot of the session index ${what}; it is built again from the log.`
  )
}
