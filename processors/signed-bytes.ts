import type { ByteReader, ByteWriter } from '../engine/bytes.ts'

/** A vector of signed bytes as part of a state's layout; null is kept apart from any vector. */

export function writeVector(out: ByteWriter, vector: Int8Array | null): void {
  out.varint(vector?.length ?? 0)
  if (vector) out.bytes(bytesOf(vector))
}

export function readVector(input: ByteReader): Int8Array | null {
  const length = input.varint()
  return length === 0 ? null : signedBytes(input.bytes(length))
}

/** The same memory. */
export function bytesOf(vector: Int8Array): Buffer {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.length)
}

/** A copy. Of an array of bytes, the constructor makes each a signed one, without calling back. */
const signedBytes = (bytes: Uint8Array) => new Int8Array(bytes)

export function base64Of(vector: Int8Array): string {
  return bytesOf(vector).toString('base64')
}

export function vectorOf(base64: string): Int8Array {
  return signedBytes(Buffer.from(base64, 'base64'))
}
