import { recordWords } from './item-records.ts'
import type { SessionIndex } from './session-index.ts'

/** Sections that are arrays of words, in the order of a snapshot. */
export const wordSections = ['records', 'counts', 'heads', 'log', 'rings', 'freeSlices', 'freeRings'] as const
export type WordSection = (typeof wordSections)[number]

/** What an index held at one position of the log. */
export interface IndexCopy {
  words: Record<WordSection, Int32Array[]>
  counters: Record<'now' | 'clicks' | 'events' | 'items', number>
  sessions: Record<'base' | 'next' | 'origin' | 'offsetOrigin' | 'emptied', number>
  popular: { items: number[]; nextAt: number }
  /** Free slices per size class. */
  free: Record<'slices' | 'rings', number[]>
  /** Of every item; the live list, of which the first `counters.items` count: it only grows. */
  ids: readonly string[]
  open: [string, number][]
}

/** So many units of work between two yields: words copied, about 2 MB or half a millisecond. */
export const copyUnitsMax = 1 << 19
/** Units of a number in a list, and of an entry in a map. */
const numberUnits = 8
const entryUnits = 64

/**
 * Copies an index piece by piece: the units of work done are yielded, at most `copyUnitsMax` at a time, and between two
 * yields the caller may do other things. The index must not change before the last one.
 */
export function* copyIndex(
  index: SessionIndex,
  openSessions: Iterable<readonly [string, number]>
): Generator<number, IndexCopy, void> {
  const { sessions, items, now, clicks, events } = index
  const { base, next, origin, offsetOrigin, emptied } = sessions
  const { free: slices } = sessions.slices
  const { free: rings } = items.rings
  return {
    words: {
      records: yield* copyWords(items.words, items.count * recordWords),
      counts: yield* copyWords(items.sessions, items.count),
      heads: yield* copyWords(sessions.heads, sessions.words),
      log: yield* copyWords(sessions.slices.words, sessions.slices.used),
      rings: yield* copyWords(items.rings.words, items.rings.used),
      freeSlices: yield* copyLists(slices),
      freeRings: yield* copyLists(rings)
    },
    counters: { now, clicks, events, items: items.count },
    sessions: { base, next, origin, offsetOrigin, emptied },
    popular: { items: [...index.popular.items.subarray(0, index.popular.count)], nextAt: index.popular.nextAt },
    free: { slices: slices.map(({ length }) => length), rings: rings.map(({ length }) => length) },
    ids: index.ids.ids,
    open: yield* copyEntries(openSessions)
  }
}

function* copyWords(words: Int32Array, length: number): Generator<number, Int32Array[], void> {
  const pieces: Int32Array[] = []
  for (let at = 0; at < length; at += copyUnitsMax) {
    const piece = words.slice(at, Math.min(length, at + copyUnitsMax))
    pieces.push(piece)
    yield piece.length
  }
  return pieces
}

function* copyLists(lists: readonly (readonly number[])[]): Generator<number, Int32Array[], void> {
  const pieces: Int32Array[] = []
  const numbersMax = copyUnitsMax / numberUnits
  for (const list of lists) {
    for (let at = 0; at < list.length; at += numbersMax) {
      const piece = Int32Array.from(list.slice(at, at + numbersMax))
      pieces.push(piece)
      yield piece.length * numberUnits
    }
  }
  return pieces
}

function* copyEntries(entries: Iterable<readonly [string, number]>): Generator<number, [string, number][], void> {
  const copied: [string, number][] = []
  let units = 0
  for (const [key, session] of entries) {
    copied.push([key, session])
    units += entryUnits
    if (units < copyUnitsMax) continue
    yield units
    units = 0
  }
  return copied
}
