import { codec, processor, value } from '../engine/index.ts'
import type { Basket } from '../schemas/act.ts'
import type { OrderId } from '../schemas/ids.ts'

/** A basket as it was and as it is now; `before` is null for one not seen so far. */
export interface BasketChange {
  before: Basket | null
  after: Basket
}

const basketCodec = codec<Basket>({
  version: 1,
  memoryFactor: 6,
  write(out, { person, is_user, ts, counts, lines }) {
    out
      .string(person)
      .u8(is_user ? 1 : 0)
      .zigzag(ts)
      .u8(counts ? 1 : 0)
      .varint(lines.length)
    for (const line of lines) {
      out
        .string(line.product_id)
        .zigzag(line.ts)
        .f64(line.qty)
        .f64(line.price)
        .u8(line.organic ? 1 : 0)
    }
  },
  read: input => ({
    person: input.string(),
    is_user: input.u8() === 1,
    ts: input.zigzag(),
    counts: input.u8() === 1,
    lines: Array.from({ length: input.varint() }, () => ({
      product_id: input.string(),
      ts: input.zigzag(),
      qty: input.f64(),
      price: input.f64(),
      organic: input.u8() === 1
    }))
  })
})

const state = { last: value(basketCodec) }

/** Says what changed in a basket, so that whoever counts can correct what was counted before. */
export function compareBaskets() {
  return processor<OrderId, Basket | null, OrderId, BasketChange, never, typeof state>({
    name: 'compare-baskets',
    state,
    process({ key, value: after }, { last }, emit) {
      const before = last.get() ?? null
      if (after === null) last.delete()
      else last.set(after)
      const now = after ?? (before && { ...before, counts: false })
      if (now) emit(key, { before, after: now }, now.ts)
    }
  })
}
