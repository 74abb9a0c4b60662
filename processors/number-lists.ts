import type { ByteReader, ByteWriter } from '../engine/bytes.ts'

/** Numbers whose count both sides know: weights of a learner. */
export function writeNumbers(out: ByteWriter, numbers: Float64Array): void {
  for (const number of numbers) out.f64(number)
}

export function readNumbers(input: ByteReader, count: number): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: count }, () => input.f64())
}
