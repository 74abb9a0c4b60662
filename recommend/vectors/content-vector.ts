import { addSigns, dimensions, nameHash, quantised } from './signed-projection.ts'

/** A term of a product, and how common it is: `levelOf` the number of products with it. */
export interface LevelledTerm {
  name: string
  weight: number
  level: number
}

/** A term that so many products have at once tells them no further apart. */
export const commonAt = 1024
const levelMax = 5

/**
 * Inverse document frequency in six steps: a level is two doublings of the number of products with a term, so that a
 * vector changes with its terms' levels and not with every product that comes. `6 − level` is log₄(4096 / products): the
 * idf of a catalog of 4,096 products; in larger ones the commonest words keep a sixth.
 */
export function levelOf(products: number): number {
  let level = 0
  for (let bound = 4; products >= bound && level < levelMax; bound *= 4) level++
  return level
}

/**
 * Hashed TF-IDF under a random projection: `dimensions` bytes of length `unit`. The same terms and levels give the same
 * bytes everywhere.
 */
export function contentVector(terms: Iterable<LevelledTerm>): Int8Array {
  const sums = new Float64Array(dimensions)
  for (const { name, weight, level } of terms) addSigns(sums, nameHash(name), weight * (levelMax + 1 - level))
  return quantised(sums)
}
