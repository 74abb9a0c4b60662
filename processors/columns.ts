/** Room for a few more than `count`: lists are many and grow slowly, so that doubling would leave half of it empty. */
export const roomier = (count: number) => Math.ceil(count * 1.25) + 4

/** A longer copy. */
export function grown<T extends Uint8Array | Uint16Array | Int32Array | Float32Array>(column: T, length: number): T {
  const longer = new (column.constructor as new (length: number) => T)(length)
  longer.set(column)
  return longer
}
