import { ByteReader } from '../engine/bytes.ts'
import type { ValueCodec, ViewTopic } from '../engine/topic.ts'
import type { ItemId } from './ids.ts'
import { similarItems } from './topics.ts'
import type { SimilarItems } from './views.ts'

const header = 5

/** A row of `similar-items` whose lists are read as far as they are asked for: a full row has 200 entries. */
export class SimilarRow {
  readonly bytes: Buffer
  readonly as_of: number
  readonly weight: number
  readonly #listsAt: number
  readonly #full: SimilarItems | null

  constructor(bytes: Buffer, full: SimilarItems | null) {
    this.bytes = bytes
    this.#full = full
    const reader = new ByteReader(bytes, header)
    this.as_of = full ? full.as_of : reader.zigzag()
    this.weight = full ? full.weight : bytes.readDoubleLE(reader.position)
    this.#listsAt = reader.position + 8
  }

  /** The best of `co_viewed`. */
  companions(count: number): { product_id: string; score: number }[] {
    if (this.#full) return this.#full.co_viewed.slice(0, count)
    const reader = new ByteReader(this.bytes, this.#listsAt)
    const companions: { product_id: string; score: number }[] = []
    for (let left = blockLength(reader); left !== 0; left = blockLength(reader)) {
      for (; left > 0; left--) {
        if (companions.length === count) return companions
        const product_id = reader.text(reader.zigzag())
        const score = reader.bytes(8).readDoubleLE()
        reader.zigzag()
        companions.push({ product_id, score })
      }
    }
    return companions
  }
}

/** The list is one block as we write it; in Avro one with a negative count says its bytes as well. */
function blockLength(reader: ByteReader): number {
  const count = reader.zigzag()
  if (count < 0) reader.zigzag()
  return Math.abs(count)
}

/** Asked at the first row: by then it is known who gives schemas their ids. */
let written: number | null = null

const rowCodec: ValueCodec<SimilarRow> = {
  encode: row => row.bytes,
  decode(bytes) {
    written ??= similarItems.value.encode(noRow).readUInt32BE(1)
    const isOurs = bytes.length > header && bytes[0] === 0 && bytes.readUInt32BE(1) === written
    return new SimilarRow(bytes, isOurs ? null : similarItems.value.decode(bytes))
  }
}
const noRow: SimilarItems = { as_of: 0, weight: 0, co_viewed: [], viewed_then_bought: [] }

/** The records of `similar-items`; rows that another schema wrote are decoded in full. */
export const similarRows: ViewTopic<ItemId, SimilarRow> = {
  ...similarItems,
  value: rowCodec,
  timestampOf: undefined
}
