import { ByteReader } from '../../engine/bytes.ts'
import { boughtTogether, similarItems } from '../../schemas/topics.ts'

/**
 * The totals that stand first in a row of pairs, without the hundreds of pairs behind them: all rows are looked at when
 * the process starts, and each again when it changes. Avro writes fields in order; a long as a zig-zag varint, a double
 * as eight bytes from the lowest. Rows of another schema are decoded in full.
 */

const header = 5

/** Asked at the first row: by then it is known who gives schemas their ids. */
const similarId = once(() =>
  schemaId(similarItems.value.encode({ as_of: 0, weight: 0, co_viewed: [], viewed_then_bought: [] }))
)
const basketsId = once(() => schemaId(boughtTogether.value.encode({ baskets: 0, companions: [] })))

export function similarTotal(bytes: Buffer): { as_of: number; weight: number } {
  if (schemaId(bytes) !== similarId()) return similarItems.value.decode(bytes)
  const reader = new ByteReader(bytes, header)
  return { as_of: reader.zigzag(), weight: bytes.readDoubleLE(reader.position) }
}

export function basketsTotal(bytes: Buffer): number {
  if (schemaId(bytes) !== basketsId()) return boughtTogether.value.decode(bytes).baskets
  return new ByteReader(bytes, header).zigzag()
}

function schemaId(bytes: Buffer): number {
  return bytes.readUInt32BE(1)
}

function once(make: () => number): () => number {
  let made: number | null = null
  return () => {
    made ??= make()
    return made
  }
}
