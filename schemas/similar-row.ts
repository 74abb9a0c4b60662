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
  readonly #listAt: number

  /** `bytes` as this release writes them. */
  constructor(bytes: Buffer) {
    this.bytes = bytes
    const reader = new ByteReader(bytes, header)
    this.as_of = reader.zigzag()
    this.weight = bytes.readDoubleLE(reader.position)
    this.#listAt = reader.position + 8
  }

  get hasCompanions(): boolean {
    return this.bytes[this.#listAt] !== 0
  }

  /** A copy of the best of `co_viewed`, as they are written: for `companionsIn`. */
  head(count: number): Buffer {
    const reader = new ByteReader(this.bytes, this.#listAt)
    let left = Math.min(count, reader.zigzag())
    const start = reader.position
    for (; left > 0; left--) skipCompanion(reader)
    return Buffer.from(this.bytes.subarray(start, reader.position))
  }
}

/** The companions of a `head`, best first. */
export function companionsIn(head: Buffer): { product_id: string; score: number }[] {
  const reader = new ByteReader(head)
  const companions: { product_id: string; score: number }[] = []
  while (!reader.isAtEnd) {
    const product_id = reader.text(reader.zigzag())
    companions.push({ product_id, score: head.readDoubleLE(reader.position) })
    reader.position += 8
    reader.zigzag()
  }
  return companions
}

function skipCompanion(reader: ByteReader): void {
  const idBytes = reader.zigzag()
  reader.position += idBytes + 8
  reader.zigzag()
}

/** Asked at the first row: by then it is known who gives schemas their ids. */
let written: number | null = null

/** Avro writes a list as one block here; rows that another schema wrote are written again as this release would. */
const rowCodec: ValueCodec<SimilarRow> = {
  encode: row => row.bytes,
  decode(bytes) {
    written ??= similarItems.value.encode(noRow).readUInt32BE(1)
    const isOurs = bytes.length > header && bytes[0] === 0 && bytes.readUInt32BE(1) === written
    return new SimilarRow(isOurs ? bytes : similarItems.value.encode(similarItems.value.decode(bytes)))
  }
}
const noRow: SimilarItems = { as_of: 0, weight: 0, co_viewed: [], viewed_then_bought: [] }

/** The records of `similar-items`. */
export const similarRows: ViewTopic<ItemId, SimilarRow> = { ...similarItems, value: rowCodec, timestampOf: undefined }
