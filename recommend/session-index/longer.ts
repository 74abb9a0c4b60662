type Numbers = Int32Array<ArrayBuffer> | Float64Array<ArrayBuffer>

const doublesBelow = 1 << 20

/** The same array with room for `length` numbers: doubling while small, then by a quarter, so that little lies idle. */
export function longer<A extends Numbers>(array: A, length: number): A {
  if (length <= array.length) return array
  const factor = array.length < doublesBelow ? 2 : 1.25
  const room = Math.max(length, Math.ceil(array.length * factor))
  const larger = new (array.constructor as new (room: number) => A)(room)
  larger.set(array)
  return larger
}
