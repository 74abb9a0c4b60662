import { codec, processor, value } from '../engine/index.ts'
import { type ContentTerm, contentTerms } from '../recommend/vectors/content-terms.ts'
import type { ItemId, TermId } from '../schemas/ids.ts'
import type { ProductRow } from '../schemas/tables.ts'

/** An item has a term, or has it no longer. */
export interface TermUse {
  item: string
  weight: number
  isGone: boolean
}

const termsCodec = codec<ContentTerm[]>({
  version: 1,
  write(out, terms) {
    out.varint(terms.length)
    for (const { name, weight } of terms) out.string(name).u8(weight)
  },
  read: input => Array.from({ length: input.varint() }, () => ({ name: input.string(), weight: input.u8() }))
})
const state = { terms: value(termsCodec) }

/** Tells each term of a product that comes or goes; a change of price or stock tells nobody. */
export function listTerms() {
  return processor<ItemId, ProductRow | null, TermId, TermUse, never, typeof state>({
    name: 'list-terms',
    state,
    process({ key, value: row }, { terms }, emit) {
      const before = new Map((terms.get() ?? []).map(({ name, weight }) => [name, weight]))
      const after = row === null ? [] : contentTerms(row)
      for (const { name, weight } of after) {
        if (!before.delete(name)) emit(name as TermId, { item: key, weight, isGone: false })
      }
      for (const [name, weight] of before) emit(name as TermId, { item: key, weight, isGone: true })
      if (after.length > 0) terms.set(after)
      else terms.delete()
    }
  })
}
