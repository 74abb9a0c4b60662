import { MillraceError } from '../../engine/errors.ts'
import { copyIndex, type IndexCopy, type WordSection, wordSections } from './index-copy.ts'
import type { RetrievalParameters } from './parameters.ts'
import type { SessionIndex } from './session-index.ts'

export const magic = 0x4d52_5349
export const version = 3
/** Magic, version, bytes of the header, checksum of all that follows. */
export const preludeBytes = 16
/** Number of the section and bytes of its piece, before each piece. */
export const frameBytes = 8
/** Sections of text, after those of words; their pieces are arrays in JSON. */
export const textSection = { ids: wordSections.length, open: wordSections.length + 1 }
const idsPerPiece = 1 << 13
const entriesPerPiece = 1 << 13

export interface SnapshotHeader extends Pick<IndexCopy, 'counters' | 'sessions' | 'popular' | 'free'> {
  parameters: RetrievalParameters
  offset: number
  /** The topic it was built from, by an id that a topic made anew does not share. */
  source: string
  words: Record<WordSection, number>
}

export interface SnapshotNotes {
  /** The first of the topic that the index has not seen. */
  offset: number
  source?: string
}

/** FNV-1a over words of four bytes. */
export class Checksum {
  sum = 0x811c9dc5

  /** A multiple of four bytes, at such an address. */
  add({ buffer, byteOffset, byteLength }: Uint8Array): void {
    const words = new Uint32Array(buffer, byteOffset, byteLength / 4)
    let { sum } = this
    for (let i = 0; i < words.length; i++) sum = Math.imul(sum ^ words[i], 0x01000193)
    this.sum = sum
  }
}

/**
 * A copy as bytes, to be written one after the other behind room for the prelude, which is returned at the end, when all
 * of it is known: a header in JSON, then the sections in pieces of at most 2 MB, each made when it is asked for.
 */
export function* snapshotPieces(
  copy: IndexCopy,
  parameters: RetrievalParameters,
  { offset, source = '' }: SnapshotNotes
): Generator<Uint8Array, Uint8Array, void> {
  const checksum = new Checksum()
  const { counters, sessions, popular, free } = copy
  const words = Object.fromEntries(
    wordSections.map(section => [section, copy.words[section].reduce((sum, { length }) => sum + length, 0)])
  ) as SnapshotHeader['words']
  const header: SnapshotHeader = { parameters, offset, source, counters, sessions, popular, free, words }
  const text = padded(header)
  checksum.add(text)
  yield text
  for (const piece of sectionPieces(copy)) {
    checksum.add(piece)
    yield piece
  }
  return new Uint8Array(new Uint32Array([magic, version, text.byteLength, checksum.sum >>> 0]).buffer)
}

function* sectionPieces({ words, ids, counters, open }: IndexCopy): Generator<Uint8Array, void, void> {
  for (const [section, name] of wordSections.entries()) {
    for (const { buffer, byteOffset, byteLength } of words[name]) {
      yield frame(section, byteLength)
      yield new Uint8Array(buffer, byteOffset, byteLength)
    }
  }
  for (let at = 0; at < counters.items; at += idsPerPiece) {
    yield* textPiece(textSection.ids, ids.slice(at, Math.min(counters.items, at + idsPerPiece)))
  }
  for (let at = 0; at < open.length; at += entriesPerPiece) {
    yield* textPiece(textSection.open, open.slice(at, at + entriesPerPiece))
  }
}

function* textPiece(section: number, content: readonly unknown[]): Generator<Uint8Array, void, void> {
  const text = padded(content)
  yield frame(section, text.byteLength)
  yield text
}

function frame(section: number, bytes: number): Uint8Array {
  return new Uint8Array(new Uint32Array([section, bytes]).buffer)
}

/** As JSON, with blanks to whole words. */
function padded(content: unknown): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(content))
  const longer = new Uint8Array(Math.ceil(text.byteLength / 4) * 4).fill(32)
  longer.set(text)
  return longer
}

/** The whole snapshot at once, in one turn: for indexes that nobody asks meanwhile. */
export function saveIndex(
  index: SessionIndex,
  { open = [], ...notes }: SnapshotNotes & { open?: Iterable<readonly [string, number]> }
): Uint8Array[] {
  const copying = copyIndex(index, open)
  let copied = copying.next()
  while (!copied.done) copied = copying.next()
  const making = snapshotPieces(copied.value, index.parameters, notes)
  const pieces: Uint8Array[] = []
  let made = making.next()
  for (; !made.done; made = making.next()) pieces.push(made.value)
  return [made.value, ...pieces]
}

export function unusable(what: string): MillraceError {
  return new MillraceError(
    'snapshot_unusable',
    'restore',
    `The snapshot of the session index ${what}; it is built again from the log.`
  )
}
