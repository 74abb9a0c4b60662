/**
 * Room for a few more rows than `count`: lists are many and grow slowly, so that doubling would leave half of it empty.
 * Even, so that columns of two bytes may follow one another.
 */
export const roomier = (count: number) => (count + (count >>> 3) + 5) & ~1

/** Copies columns into longer ones of the same names. */
export function copyColumns<T extends Record<keyof T, Uint8Array | Uint16Array | Int32Array | Float32Array>>(
  from: T,
  to: T
): T {
  for (const name in from) (to[name] as Uint8Array).set(from[name] as Uint8Array)
  return to
}
