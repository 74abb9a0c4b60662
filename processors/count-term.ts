import { codec, processor, value } from '../engine/index.ts'
import { commonAt, type LevelledTerm, levelOf } from '../recommend/vectors/content-vector.ts'
import type { ItemId, TermId } from '../schemas/ids.ts'
import type { TermUse } from './list-terms.ts'

/** What an item's vector has to know of one of its terms; without the term: it is gone. */
export interface TermLevel {
  name: string
  term: LevelledTerm | null
}

interface Users {
  /** More products had it at once than are listed: it stays common. */
  isCommon: boolean
  /** Items and the term's weight in each, at most `commonAt`. */
  items: Map<string, number>
}

const usersCodec = codec<Users>({
  version: 1,
  memoryFactor: 5,
  write(out, { isCommon, items }) {
    out.u8(isCommon ? 1 : 0).varint(items.size)
    for (const [item, weight] of items) out.string(item).u8(weight)
  },
  read(input) {
    const isCommon = input.u8() === 1
    const items = new Map<string, number>()
    for (let left = input.varint(); left > 0; left--) items.set(input.string(), input.u8())
    return { isCommon, items }
  }
})
const state = { users: value(usersCodec) }

/**
 * How many products have a term, so that rare ones count more. When that passes a power of four, all of its items hear of
 * it: two records per product and term in all, at most 1,024 at a time. Past 1,024 products a term is common for good,
 * and its items are no longer listed.
 */
export function countTerm() {
  return processor<TermId, TermUse, ItemId, TermLevel, never, typeof state>({
    name: 'count-term',
    state,
    process({ key: name, value: { item, weight, isGone } }, { users }, emit) {
      const known = users.get() ?? { isCommon: false, items: new Map<string, number>() }
      const tell = (to: string, term: LevelledTerm | null) => emit(to as ItemId, { name, term })
      const levelNow = () => levelOf(known.isCommon ? commonAt : known.items.size)
      const before = levelNow()
      if (isGone) known.items.delete(item)
      else if (!known.isCommon) known.items.set(item, weight)
      known.isCommon ||= known.items.size >= commonAt
      const level = levelNow()
      if (isGone) tell(item, null)
      else tell(item, { name, weight, level })
      if (level !== before) {
        for (const [other, own] of known.items) if (other !== item) tell(other, { name, weight: own, level })
      }
      if (known.isCommon) known.items.clear()
      if (known.isCommon || known.items.size > 0) users.set(known)
      else users.delete()
    }
  })
}
