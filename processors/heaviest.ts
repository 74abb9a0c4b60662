/** Rows in columns, ordered from the heaviest on; ties by id. */
export interface Order {
  weights: Float32Array
  idAt(place: number): string
}

const placesMax = 1 << 21
let keys = new Float64Array(1 << 12)
const float = new Float32Array(1)
const bits = new Uint32Array(float.buffer)

/**
 * Puts the `count` heaviest of the first `length` of these places (below 2^21) in front, best first; what weighs nothing
 * or less comes last. Returns how many there are; what stands behind them is undefined. The bits of a positive float order
 * as it does: with the place behind them they are a number, and numbers are sorted without calling back. Only those of
 * one weight are compared by id.
 */
export function heaviestFirst({ weights, idAt }: Order, places: Int32Array, length: number, count: number): number {
  if (keys.length < length) keys = new Float64Array(length * 2)
  for (let i = 0; i < length; i++) {
    float[0] = Math.max(0, weights[places[i]])
    keys[i] = bits[0] * placesMax + places[i]
  }
  const sorted = keys.subarray(0, length).sort()
  const wanted = Math.min(count, length)
  for (let found = 0, end = length; found < wanted; ) {
    const start = startOfTie(sorted, end)
    const last = Math.min(wanted, found + end - start)
    let to = found
    for (let i = start; i < end; i++) to = insert(places, { from: found, to, last }, sorted[i] % placesMax, idAt)
    found = last
    end = start
  }
  return wanted
}

/** Into the places from `from` to before `to`, which are in order of their ids and may reach `last`. Returns where they end. */
function insert(
  places: Int32Array,
  { from, to, last }: { from: number; to: number; last: number },
  place: number,
  idAt: Order['idAt']
): number {
  const id = idAt(place)
  if (to === last && id > idAt(places[to - 1])) return to
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >> 1
    if (id < idAt(places[middle])) high = middle
    else low = middle + 1
  }
  places.copyWithin(low + 1, low, Math.min(to, last - 1))
  places[low] = place
  return Math.min(last, to + 1)
}

/** Where those begin that weigh as much as the one before `end`. */
function startOfTie(sorted: Float64Array, end: number): number {
  let start = end - 1
  const lightest = sorted[start] - (sorted[start] % placesMax)
  while (start > 0 && sorted[start - 1] >= lightest) start--
  return start
}
