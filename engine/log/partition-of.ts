/** murmur2 (32 bit, Kafka's seed 0x9747b28c) over the first `length` bytes: `org.apache.kafka.common.utils.Utils.murmur2`. */
export function murmur2(bytes: Uint8Array, length = bytes.length): number {
  const m = 0x5bd1e995
  let h = 0x9747b28c ^ length
  let i = 0
  for (; i + 4 <= length; i += 4) {
    let k = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24)
    k = Math.imul(k, m)
    k = Math.imul(k ^ (k >>> 24), m)
    h = Math.imul(h, m) ^ k
  }
  const rest = length - i
  if (rest === 3) h ^= bytes[i + 2] << 16
  if (rest >= 2) h ^= bytes[i + 1] << 8
  if (rest >= 1) h = Math.imul(h ^ bytes[i], m)
  h ^= h >>> 13
  h = Math.imul(h, m)
  return h ^ (h >>> 15)
}

let scratch = Buffer.alloc(1024)

/** Partition of a key as Kafka's default partitioner chooses it: positive murmur2 of the UTF-8 bytes, modulo. */
export function partitionOf(key: string | Buffer | null, partitions: number): number {
  if (partitions === 1 || key === null) return 0
  if (typeof key !== 'string') return (murmur2(key) & 0x7fffffff) % partitions
  const length = key.length
  if (length * 3 > scratch.length) scratch = Buffer.alloc(length * 6)
  let bytes = length
  for (let i = 0; i < length; i++) {
    const code = key.charCodeAt(i)
    if (code > 127) {
      bytes = scratch.utf8Write(key, 0)
      break
    }
    scratch[i] = code
  }
  return (murmur2(scratch, bytes) & 0x7fffffff) % partitions
}
