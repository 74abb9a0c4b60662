import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { compressionsAlgorithms } from '@platformatic/kafka'

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** Bits 0–2 of a batch's attributes (protocol guide, "Record Batch"; zstd: KIP-110). */
export const compressions: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/** A batch may not unfold to more than this: what a damaged or hostile one would ask for. */
const unfoldedBytesMax = 256 << 20

export function compress(kind: Compression, bytes: Buffer): Buffer {
  if (kind === 'gzip') return gzipSync(bytes, { level: 1 })
  if (kind === 'zstd') return zstdCompressSync(bytes)
  return asBuffer(compressionsAlgorithms[kind].compressSync(bytes))
}

/** Throws whatever the codec throws at damaged bytes. Snappy: raw or in the framing of xerial, which Java's clients write. */
export function decompress(kind: Compression, bytes: Buffer): Buffer {
  if (kind === 'gzip') return gunzipSync(bytes, { maxOutputLength: unfoldedBytesMax })
  if (kind === 'zstd') return zstdDecompressSync(bytes, { maxOutputLength: unfoldedBytesMax })
  return asBuffer(compressionsAlgorithms[kind].decompressSync(bytes))
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
