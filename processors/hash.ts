/**
 * Hashes of ids, over UTF-16 code units: the murmur3 finaliser on a multiplicative chain. Part of the state's format.
 */
export function hashOf(id: string, seed = 0x9747b28c): number {
  let h = seed ^ id.length
  for (let i = 0; i < id.length; i++) {
    h = Math.imul(h ^ id.charCodeAt(i), 0x5bd1e995)
    h ^= h >>> 15
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** With `hashOf` the other half of 64 bits. */
export function secondHashOf(id: string): number {
  return hashOf(id, 0x3c6ef372)
}
