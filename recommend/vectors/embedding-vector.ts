import { addSigns, dimensions, nameHash, quantised } from './signed-projection.ts'

/** Numbers become whole ones of the largest. */
const steps = 1 << 20

/**
 * Another model's embedding as a content vector. Up to 128 numbers are taken as they are; more are projected at random,
 * which costs about .09 of a cosine's precision: ask a model that can for 128.
 */
export function embeddingVector(embedding: readonly number[]): Int8Array {
  const largest = embedding.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
  if (!(largest > 0)) return new Int8Array(dimensions)
  const sums = new Float64Array(dimensions)
  for (const [i, x] of embedding.entries()) {
    const whole = Math.round((x / largest) * steps)
    if (embedding.length <= dimensions) sums[i] = whole
    else addSigns(sums, nameHash(`dimension:${i}`), whole)
  }
  return quantised(sums)
}
