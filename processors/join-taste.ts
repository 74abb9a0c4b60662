import { days, jsonCodec, processor, value } from '../engine/index.ts'
import { priceBand } from '../recommend/price-band.ts'
import type { ItemId, PersonId } from '../schemas/ids.ts'
import type { ProductRow } from '../schemas/tables.ts'

const pendingMax = 64

/** What an act of a person on the item is worth; negative where it is taken back. */
export interface ItemInterest {
  person: string
  worth: number
  ts: number
}

/** What a person's interest says about categories, brands and prices. */
export interface Taste {
  category: string | null
  brand: string | null
  band: number | null
  worth: number
  ts: number
}

type Kind = Pick<Taste, 'category' | 'brand' | 'band'>

interface Item {
  /** Null before the first row; stays when the product is deleted: what people liked they liked. */
  kind: Kind | null
  since: number
  /** The newest acts that the next row may be right for: not before the row at hand, or before any. */
  open: ItemInterest[]
}

const state = { item: value(jsonCodec<Item>(), { equality: { tolerance: 0.05 } }) }

/**
 * Tells each act with the category, brand and price band its item had at the time: of the row in force then, or of the
 * first there ever was. Where the row comes after the act, the act is told again as it should have been.
 */
export function joinTaste() {
  return processor<ItemId, ItemInterest | ProductRow | null, PersonId, Taste, never, typeof state>({
    name: 'join-taste',
    graceMs: days(730),
    state,
    process({ value: change }, { item }, emit) {
      if (change === null) return
      const known = item.get() ?? { kind: null, since: 0, open: [] }
      const tell = ({ person, worth, ts }: ItemInterest, kind: Kind | null, sign = 1) => {
        if (kind) emit(person as PersonId, { ...kind, worth: sign * worth, ts }, ts)
      }
      if ('worth' in change) {
        tell(change, known.kind)
        if (known.kind && change.ts < known.since) return
        if (!put(known.open, change)) return
      } else {
        const kind = kindOf(change)
        const reached = known.kind ? known.open.filter(({ ts }) => ts >= change.updated_at) : known.open
        const isSame = known.kind !== null && isEqual(known.kind, kind)
        for (const interest of isSame ? [] : reached) {
          tell(interest, known.kind, -1)
          tell(interest, kind)
        }
        known.kind = kind
        known.since = change.updated_at
        known.open = known.open.filter(({ ts }) => ts >= known.since)
      }
      item.set(known)
    }
  })
}

function kindOf({ category, brand, price }: ProductRow): Kind {
  return { category, brand, band: priceBand(price) }
}

const isEqual = (a: Kind, b: Kind) => a.category === b.category && a.brand === b.brand && a.band === b.band

/** Keeps the newest; false if it is too old to be one of them. */
function put(open: ItemInterest[], interest: ItemInterest): boolean {
  const at = open.findLastIndex(one => one.ts <= interest.ts) + 1
  if (at === 0 && open.length === pendingMax) return false
  open.splice(at, 0, interest)
  if (open.length > pendingMax) open.shift()
  return true
}
