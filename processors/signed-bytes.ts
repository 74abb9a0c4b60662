import type { ByteReader, ByteWriter } from '../engine/bytes.ts'

/** A vector of signed bytes as part of a state's layout; null is kept apart from any vector. */

export function writeVector(out: ByteWriter, vector: Int8Array | null): void {
  out.varint(vector?.length ?? 0)
  if (vector) out.bytes(bytesOf(vector))
}

export function readVector(input: ByteReader): Int8Array | null {
  const length = input.varint()
  return length === 0 ? null : Int8Array.from(input.bytes(length), signed)
}

/** The same memory. */
export function bytesOf(vector: Int8Array): Buffer {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.length)
}

const signed = (byte: number) => (byte << 24) >> 24

export function base64Of(vector: Int8Array): string {
  return bytesOf(vector).toString('base64')
}

export function vectorOf(base64: string): Int8Array {
  return Int8Array.from(Buffer.from(base64, 'base64'), signed)
}
