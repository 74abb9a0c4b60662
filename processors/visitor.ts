import { codec } from '../engine/index.ts'
import type { TableHandle } from '../engine/processor.ts'
import { RecentIds } from './recent-ids.ts'

/** What admission knows of whoever sends events under one id. */
export interface Visitor {
  isExcluded: boolean
  /** What happened up to then is forgotten, whenever it comes; −∞ where nobody asked for that. */
  erasedUntil: number
  seen: RecentIds
  /** Items looked at in the last minutes, oldest first. */
  browsed: { item: number; ts: number }[]
}

export const visitorCodec = codec<Visitor>({
  version: 1,
  memoryFactor: 2,
  write(out, { isExcluded, erasedUntil, seen, browsed }) {
    const isErased = erasedUntil > Number.NEGATIVE_INFINITY
    out.u8((isExcluded ? 1 : 0) | (isErased ? 2 : 0)).varint(browsed.length)
    if (isErased) out.zigzag(erasedUntil)
    for (const { item, ts } of browsed) out.i32(item).zigzag(ts)
    seen.write(out)
  },
  read(input) {
    const flags = input.u8()
    const length = input.varint()
    const erasedUntil = (flags & 2) !== 0 ? input.zigzag() : Number.NEGATIVE_INFINITY
    const browsed = Array.from({ length }, () => ({ item: input.i32(), ts: input.zigzag() }))
    return { isExcluded: (flags & 1) !== 0, erasedUntil, browsed, seen: RecentIds.read(input) }
  }
})

export function nobody(): Visitor {
  return { isExcluded: false, erasedUntil: Number.NEGATIVE_INFINITY, seen: new RecentIds(), browsed: [] }
}

/**
 * Sessions and devices that are known to be one user's. Of more, the one found first is forgotten: an erasure does not
 * find it, and what happened in it stays until it is too old for its place.
 */
const linkedMax = 1_024

/** Each row's value counts up, since rows have no order of their own. */
export function link(linked: TableHandle<number>, id: string): void {
  if (linked.get(id) !== undefined) return
  const known = [...linked.entries()].sort((a, b) => a[1] - b[1])
  if (known.length >= linkedMax) linked.delete(known[0][0])
  linked.set(id, (known.at(-1)?.[1] ?? 0) + 1)
}
