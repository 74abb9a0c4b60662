import type { ByteReader, ByteWriter } from '../bytes.ts'
import type { Codec } from '../codec.ts'
import { hours } from '../time.ts'
import { decay } from './decay.ts'
import { itemIds, readItem } from './item-numbers.ts'

const keptMax = 100
const shownMax = 50

/** Whom an item was seen with: at most 100, in the order in which they came; the weakest gives its place to a newcomer. */
export interface Companions {
  pairs: number
  /** What the scores are as of, in hours since 1970. */
  hour: number
  /** Numbers (item-numbers.ts). */
  items: number[]
  scores: number[]
  /** Positions by strength as of the last `ranked`; not stored. */
  ranking: number[]
  /** Since it was stored: a bit for each position that is another now, and what all scores were multiplied with. */
  changed: number[]
  factors: number[]
  isNew: boolean
}

export function noCompanions(hour: number): Companions {
  return { pairs: 0, hour, items: [], scores: [], ranking: [], changed: [0, 0, 0, 0], factors: [], isNew: true }
}

export function meet(companions: Companions, item: number, weight: number, time: number): void {
  const { items, scores, changed } = companions
  const hour = Math.floor(time / hours(1))
  let amount = weight
  if (hour > companions.hour) {
    const left = decay(hour - companions.hour)
    scale(companions, left)
    companions.hour = hour
  } else if (hour < companions.hour) {
    amount *= decay(companions.hour - hour)
  }
  companions.pairs++
  let at = items.indexOf(item)
  if (at >= 0) {
    scores[at] += amount
  } else {
    at = items.length < keptMax ? items.length : indexOfLeast(scores)
    items[at] = item
    scores[at] = amount
  }
  changed[at >> 5] |= 1 << (at & 31)
}

function scale(companions: Companions, factor: number): void {
  const { scores, factors } = companions
  for (let i = 0; i < scores.length; i++) scores[i] *= factor
  factors.push(factor)
}

function indexOfLeast(scores: readonly number[]): number {
  let least = 0
  for (let i = 1; i < scores.length; i++) if (scores[i] < scores[least]) least = i
  return least
}

/** Best first; of equals the smaller name. Little changes from one time to the next: insertion sort has little to do. */
export function ranked(companions: Companions): Companions {
  const { items, scores, ranking } = companions
  for (let i = 0; i < items.length; i++) {
    const at = ranking[i] ?? i
    const score = scores[at]
    let hole = i
    for (; hole > 0; hole--) {
      const other = ranking[hole - 1]
      if (scores[other] > score || (scores[other] === score && itemIds[items[other]] < itemIds[items[at]])) break
      ranking[hole] = other
    }
    ranking[hole] = at
  }
  return companions
}

export function writeRanked(out: ByteWriter, { pairs, hour, items, scores, ranking }: Companions): void {
  const shown = Math.min(items.length, shownMax)
  out.u32(pairs).i32(hour).u8(shown)
  for (let i = 0; i < shown; i++) writeCompanion(out, items[ranking[i]], scores[ranking[i]])
}

function write(out: ByteWriter, { pairs, hour, items, scores }: Companions): void {
  out.u32(pairs).i32(hour).u8(items.length)
  for (let i = 0; i < items.length; i++) writeCompanion(out, items[i], scores[i])
}

function writeCompanion(out: ByteWriter, item: number, score: number): void {
  out.f64(score)
  const lengthAt = out.reserve(1)
  out.text(itemIds[item])
  out.buffer[lengthAt] = out.position - lengthAt - 1
}

export function read(input: ByteReader): Companions {
  const pairs = input.u32()
  const companions = noCompanions(input.i32())
  companions.pairs = pairs
  for (let left = input.u8(); left > 0; left--) {
    companions.scores.push(input.f64())
    companions.items.push(readItem(input, input.u8()))
  }
  return companions
}

/** A list scaled more often than this is written whole. */
const factorsMax = 255

function writeDelta(out: ByteWriter, { pairs, hour, items, scores, changed, factors, isNew }: Companions): boolean {
  if (isNew || factors.length > factorsMax) return false
  out.u32(pairs).i32(hour).u8(factors.length)
  for (const factor of factors) out.f64(factor)
  for (let i = 0; i < items.length; i++) {
    if ((changed[i >> 5] & (1 << (i & 31))) !== 0) writeCompanion(out.u8(i), items[i], scores[i])
  }
  return true
}

function applyDelta(companions: Companions, input: ByteReader): void {
  companions.pairs = input.u32()
  companions.hour = input.i32()
  for (let left = input.u8(); left > 0; left--) scale(companions, input.f64())
  while (!input.isAtEnd) {
    const at = input.u8()
    companions.scores[at] = input.f64()
    companions.items[at] = readItem(input, input.u8())
  }
}

function stored(companions: Companions): void {
  companions.changed.fill(0)
  if (companions.factors.length > 0) companions.factors = []
  companions.isNew = false
}

/** Three columns of numbers, and small objects around them. */
const memoryBytes = ({ items }: Companions) => items.length * 24 + 500

export const companionsCodec: Codec<Companions> = {
  version: 1,
  write,
  read,
  deltas: { write: writeDelta, apply: applyDelta, stored, memoryBytes }
}
