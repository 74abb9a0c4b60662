import { poison } from '../../engine/errors.ts'
import { weightCount } from './weights.ts'

const format = 1
const headBytes = 16

/** What a learner publishes: weights under a version, the topic offset they have learned up to. */
export interface BlendRecord {
  version: number
  weights: Float64Array<ArrayBuffer>
}

/** Format (u32), number of weights (u32), version (f64), weights (f64), little-endian: 3.7 kB, the same bits everywhere. */
export function encodeBlend({ version, weights }: BlendRecord): Uint8Array {
  const bytes = new Uint8Array(headBytes + weights.length * 8)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, format, true)
  view.setUint32(4, weights.length, true)
  view.setFloat64(8, version, true)
  for (let i = 0; i < weights.length; i++) view.setFloat64(headBytes + i * 8, weights[i], true)
  return bytes
}

/** Refuses what is of another format or not finite; a server then keeps the weights it has. */
export function decodeBlend(bytes: Uint8Array): BlendRecord {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.byteLength !== headBytes + weightCount * 8 || view.getUint32(0, true) !== format) {
    throw poison('blend_unreadable', 'The published weights of the blend are of another format.')
  }
  const weights = Float64Array.from({ length: weightCount }, (_, i) => view.getFloat64(headBytes + i * 8, true))
  if (!weights.every(Number.isFinite))
    throw poison('blend_unreadable', 'The published weights of the blend are not finite.')
  return { version: view.getFloat64(8, true), weights }
}
