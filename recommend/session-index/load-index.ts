import { wordSections } from './index-copy.ts'
import {
  Checksum,
  frameBytes,
  magic,
  preludeBytes,
  type SnapshotHeader,
  textSection,
  unusable,
  version
} from './index-snapshot.ts'
import { ItemIds } from './item-ids.ts'
import type { Horizon, RetrievalParameters } from './parameters.ts'
import { SessionIndex } from './session-index.ts'

export interface LoadedIndex {
  index: SessionIndex
  /** The first of the topic that the index has not seen. */
  offset: number
  source: string
  /** Of `OpenSessions`. */
  open: [string, number][]
}

/** Refuses, with the remedy `restore`, what is damaged, of another version or made with other parameters. */
export function loadIndex(saved: Uint8Array, parameters: RetrievalParameters, horizon?: Horizon): LoadedIndex {
  const bytes = atWholeWords(saved)
  const prelude = bytes.byteLength >= preludeBytes ? new Uint32Array(bytes.buffer, bytes.byteOffset, 4) : []
  if (prelude[0] !== magic || prelude[1] !== version) throw unusable('is not one of this version')
  const start = preludeBytes + prelude[2]
  if (start > bytes.byteLength || bytes.byteLength % 4 > 0) throw unusable('is cut off')
  const checksum = new Checksum()
  checksum.add(bytes.subarray(preludeBytes))
  if (checksum.sum >>> 0 !== prelude[3]) throw unusable('is damaged')
  const header = jsonOf<SnapshotHeader>(bytes.subarray(preludeBytes, start))
  if (JSON.stringify(header.parameters) !== JSON.stringify(parameters)) throw unusable('was made with other parameters')
  const sections = new Sections(header)
  sections.read(bytes, start)
  const { offset, source } = header
  return { index: indexOf(header, sections, horizon), offset, source, open: sections.open }
}

class Sections {
  readonly words: Int32Array<ArrayBuffer>[]
  readonly ids = new ItemIds()
  readonly open: [string, number][] = []

  constructor({ words }: SnapshotHeader) {
    this.words = wordSections.map(name => new Int32Array(words[name]))
  }

  read(bytes: Uint8Array, start: number): void {
    const filled = new Uint32Array(wordSections.length)
    for (let at = start; at < bytes.byteLength; ) {
      const [section, length] = new Uint32Array(bytes.buffer, bytes.byteOffset + at, 2)
      const piece = bytes.subarray(at + frameBytes, at + frameBytes + length)
      at += frameBytes + length
      if (section === textSection.ids) for (const id of jsonOf<string[]>(piece)) this.ids.add(id)
      else if (section === textSection.open) this.open.push(...jsonOf<[string, number][]>(piece))
      else {
        this.words[section].set(new Int32Array(piece.buffer, piece.byteOffset, length / 4), filled[section])
        filled[section] += length / 4
      }
    }
  }
}

function indexOf(header: SnapshotHeader, { words, ids }: Sections, horizon?: Horizon): SessionIndex {
  const [records, counts, heads, log, rings, freeSlices, freeRings] = words
  const index = new SessionIndex(header.parameters, horizon)
  const { now, clicks, events } = header.counters
  Object.assign(index, { now, clicks, events, ids })
  Object.assign(index.sessions, header.sessions)
  index.popular.restore(header.popular.items, header.popular.nextAt)
  index.items.restore(new Float64Array(records.buffer), counts)
  index.sessions.heads = heads
  index.sessions.slices.restore(log, listsOf(freeSlices, header.free.slices))
  index.items.rings.restore(rings, listsOf(freeRings, header.free.rings))
  return index
}

function listsOf(words: Int32Array, lengths: readonly number[]): number[][] {
  let at = 0
  return lengths.map(length => {
    at += length
    return [...words.subarray(at - length, at)]
  })
}

/** A file's bytes may begin anywhere in a buffer. */
function atWholeWords(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes)
}

function jsonOf<T>(text: Uint8Array): T {
  return JSON.parse(new TextDecoder().decode(text)) as T
}
