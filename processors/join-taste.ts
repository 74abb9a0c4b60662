import { codec, days, processor, value } from '../engine/index.ts'
import { priceBand } from '../recommend/price-band.ts'
import type { ItemId, PersonId } from '../schemas/ids.ts'
import type { ProductRow } from '../schemas/tables.ts'
import { type Interest, type ItemInterest, OpenInterests } from './open-interests.ts'

const openMax = 64
const versionsMax = 16

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
  /** What the item was from when on, oldest first; stays when the product is deleted: what people liked they liked. */
  versions: { since: number; kind: Kind }[]
  /** In case a row of their time is yet to come. */
  open: OpenInterests
}

const itemCodec = codec<Item>({
  version: 2,
  memoryFactor: 4,
  write(out, { versions, open }) {
    out.string(JSON.stringify(versions))
    open.write(out)
  },
  read: input => ({ versions: JSON.parse(input.string()), open: OpenInterests.read(input) }),
  readOlder(_, input) {
    const { versions, open } = JSON.parse(input.text(input.end - input.position))
    return { versions, open: OpenInterests.from(open) }
  }
})

const state = { item: value(itemCodec, { equality: { tolerance: 0.05 } }) }

/**
 * Tells each act with the category, brand and price band its item had at the time: of the row in force then, or of the
 * first there ever was. Where the row comes after the act, the act is told again as it should have been.
 */
export function joinTaste() {
  return processor<ItemId, Interest, PersonId, Taste, never, typeof state>({
    name: 'join-taste',
    graceMs: days(730),
    state,
    process({ value: change }, { item }, emit) {
      if (change === null) return
      const known = item.get() ?? { versions: [], open: new OpenInterests() }
      const tell = ({ person, worth, ts }: ItemInterest, kind: Kind | null, sign = 1) => {
        if (kind) emit(person as PersonId, { ...kind, worth: sign * worth, ts }, ts)
      }
      if ('forgets' in change) {
        known.open = known.open.without(change)
      } else if ('worth' in change) {
        tell(change, kindAt(known, change.ts))
        if (!known.open.put(change, openMax)) return
      } else {
        const told = [...known.open].map(interest => ({ interest, before: kindAt(known, interest.ts) }))
        if (!become(known, kindOf(change), change.updated_at)) return
        for (const { interest, before } of told) {
          const after = kindAt(known, interest.ts)
          if (isEqual(before, after)) continue
          tell(interest, before, -1)
          tell(interest, after)
        }
      }
      item.set(known)
    }
  })
}

function kindOf({ category, brand, price }: ProductRow): Kind {
  return { category, brand, band: priceBand(price) }
}

function kindAt({ versions }: Item, ts: number): Kind | null {
  const version = versions.findLast(({ since }) => since <= ts) ?? versions[0]
  return version?.kind ?? null
}

/** False if that is what it was by then anyway. */
function become(item: Item, kind: Kind, since: number): boolean {
  const { versions } = item
  const at = versions.findLastIndex(version => version.since <= since)
  if (at >= 0 && isEqual(versions[at].kind, kind)) return false
  if (at >= 0 && versions[at].since === since) versions[at] = { since, kind }
  else versions.splice(at + 1, 0, { since, kind })
  if (versions.length > versionsMax) versions.shift()
  return true
}

function isEqual(a: Kind | null, b: Kind | null): boolean {
  return a?.category === b?.category && a?.brand === b?.brand && a?.band === b?.band
}
