type Column = Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer> | Float64Array<ArrayBuffer>

/** The same column with room for `length` entries; new ones are `empty`. Doubles, so that growing is cheap over time. */
export function grown<C extends Column>(column: C, length: number, empty: number): C {
  if (length <= column.length) return column
  const larger = new (column.constructor as new (length: number) => C)(Math.max(length, column.length * 2, 64))
  larger.set(column)
  larger.fill(empty, column.length)
  return larger
}
