/**
 * Random indexing (Kanerva, Kristoferson, Holst 2000; Sahlgren 2005): every name stands for a fixed vector of a few signs
 * that follow from its hash, and a thing's vector is the weighted sum over the names it goes with. It is a sparse random
 * projection (Achlioptas 2003; Li, Hastie, Church 2006) that needs no table of names and grows with every new one.
 *
 * Sums are whole numbers, so they do not depend on the order of what is added, and every machine gets the same bits.
 */

/** Numbers of a content or behaviour vector. */
export const dimensions = 128
/** A name has one sign in each run of so many numbers: 16 in all. */
const run = 8

/** Length of every quantised vector: a component's standard deviation is then 40, so that hardly one is cut at 127. */
export const unit = 448

/** FNV-1a over UTF-16 code units with the murmur3 finaliser. Part of the format of stored vectors. */
export function nameHash(name: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193)
  return mixed(h)
}

/** Adds `weight`, a whole number, times the signs of `hash`. */
export function addSigns(sums: Float64Array, hash: number, weight: number): void {
  let start = 0
  for (let word = 1; start < dimensions; word++) {
    let bits = mixed(hash + Math.imul(word, 0x9e3779b9))
    for (let i = 0; i < 8; i++, start += run, bits >>>= 4) sums[start + (bits & 7)] += bits & 8 ? weight : -weight
  }
}

/** The sums at length `unit`, rounded to bytes; all 0 where nothing was added. */
export function quantised(sums: ArrayLike<number>): Int8Array {
  let squares = 0
  for (let i = 0; i < sums.length; i++) squares += sums[i] * sums[i]
  const vector = new Int8Array(dimensions)
  if (!(squares > 0)) return vector
  const scale = unit / Math.sqrt(squares)
  for (let i = 0; i < dimensions; i++) vector[i] = Math.max(-127, Math.min(127, Math.round(sums[i] * scale)))
  return vector
}

function mixed(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
