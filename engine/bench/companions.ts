import type { ByteReader, ByteWriter } from '../bytes.ts'
import type { Codec } from '../codec.ts'
import { hours } from '../time.ts'
import { decay } from './decay.ts'
import type { ItemId } from './peer-events.ts'

const keptMax = 100
const shownMax = 50

/** Whom an item was seen with: at most 100, in the order in which they came; the weakest gives its place to a newcomer. */
export interface Companions {
  pairs: number
  /** What the scores are as of, in hours since 1970. */
  hour: number
  items: ItemId[]
  scores: number[]
  /** Positions by strength as of the last `ranked`; not stored. */
  ranking: number[]
}

export function noCompanions(hour: number): Companions {
  return { pairs: 0, hour, items: [], scores: [], ranking: [] }
}

export function meet(companions: Companions, item: ItemId, weight: number, time: number): void {
  const { items, scores } = companions
  const hour = Math.floor(time / hours(1))
  let amount = weight
  if (hour > companions.hour) {
    const left = decay(hour - companions.hour)
    for (let i = 0; i < scores.length; i++) scores[i] *= left
    companions.hour = hour
  } else if (hour < companions.hour) {
    amount *= decay(companions.hour - hour)
  }
  companions.pairs++
  const at = items.indexOf(item)
  if (at >= 0) {
    scores[at] += amount
  } else if (items.length < keptMax) {
    items.push(item)
    scores.push(amount)
  } else {
    const weakest = indexOfLeast(scores)
    items[weakest] = item
    scores[weakest] = amount
  }
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
      if (scores[other] > score || (scores[other] === score && items[other] < items[at])) break
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

function writeCompanion(out: ByteWriter, item: ItemId, score: number): void {
  out.f64(score)
  const lengthAt = out.reserve(1)
  out.text(item)
  out.buffer[lengthAt] = out.position - lengthAt - 1
}

export function read(input: ByteReader): Companions {
  const companions: Companions = { pairs: input.u32(), hour: input.i32(), items: [], scores: [], ranking: [] }
  for (let left = input.u8(); left > 0; left--) {
    companions.scores.push(input.f64())
    companions.items.push(input.text(input.u8()) as ItemId)
  }
  return companions
}

export const companionsCodec: Codec<Companions> = { version: 1, memoryFactor: 3, write, read }
