import type { ByteReader } from '../engine/bytes.ts'
import { codec } from '../engine/index.ts'
import type { Erasure } from '../schemas/erasure.ts'
import { RecentIds } from './recent-ids.ts'

/** That somebody is forgotten: of several times, the one that reaches furthest. */
export interface Erased extends Omit<Erasure, 'user_id'> {
  /** Sessions and devices that it went on to. */
  told: RecentIds
}

/** What admission knows of whoever sends events under one id. */
export interface Visitor {
  isExcluded: boolean
  erased: Erased | null
  seen: RecentIds
  /** Items looked at in the last minutes, oldest first. */
  browsed: { item: number; ts: number }[]
}

export const visitorCodec = codec<Visitor>({
  version: 2,
  memoryFactor: 2,
  write(out, { isExcluded, erased, seen, browsed }) {
    out.u8((isExcluded ? 1 : 0) | (erased ? 2 : 0)).varint(browsed.length)
    if (erased) {
      out.string(erased.erasure_id).zigzag(erased.requested_at).zigzag(erased.until)
      erased.told.write(out)
    }
    for (const { item, ts } of browsed) out.i32(item).zigzag(ts)
    seen.write(out)
  },
  read(input) {
    const flags = input.u8()
    const length = input.varint()
    const erased = (flags & 2) === 0 ? null : readErased(input)
    const browsed = Array.from({ length }, () => ({ item: input.i32(), ts: input.zigzag() }))
    return { isExcluded: (flags & 1) !== 0, erased, browsed, seen: RecentIds.read(input) }
  }
})

function readErased(input: ByteReader): Erased {
  const [erasure_id, requested_at, until] = [input.string(), input.zigzag(), input.zigzag()]
  return { erasure_id, requested_at, until, told: RecentIds.read(input) }
}

export function nobody(): Visitor {
  return { isExcluded: false, erased: null, seen: new RecentIds(), browsed: [] }
}

/** Nothing stays but that it was asked for, and an exclusion. */
export function forgotten({ isExcluded, erased }: Visitor, erasure: Erasure): Visitor & { erased: Erased } {
  const { erasure_id, requested_at, until } = erasure
  const isKnown = isErased(erased, until)
  return {
    ...nobody(),
    isExcluded,
    erased: isKnown ? erased : { erasure_id, requested_at, until, told: new RecentIds() }
  }
}

/** Whether it is forgotten that something happened then, whenever it comes. */
export function isErased(erased: Erased | null, ts: number): erased is Erased {
  return erased !== null && ts <= erased.until
}
