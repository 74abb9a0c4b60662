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
 * The `count` heaviest of these places (below 2^21), best first; what weighs nothing or less comes last. The bits of a
 * positive float order as it does: with the place behind them they are a number, and numbers are sorted without calling
 * back. Only those of one weight are compared by id.
 */
export function heaviest({ weights, idAt }: Order, places: readonly number[], count: number): number[] {
  const { length } = places
  if (keys.length < length) keys = new Float64Array(length * 2)
  for (let i = 0; i < length; i++) {
    float[0] = Math.max(0, weights[places[i]])
    keys[i] = bits[0] * placesMax + places[i]
  }
  const sorted = keys.subarray(0, length).sort()
  const best: number[] = []
  for (let end = length; end > 0 && best.length < count; ) {
    const start = startOfTie(sorted, end)
    const tied: number[] = []
    for (let i = start; i < end; i++) tied.push(sorted[i] % placesMax)
    if (tied.length > 1) tied.sort((a, b) => (idAt(a) < idAt(b) ? -1 : 1))
    for (const place of tied) if (best.length < count) best.push(place)
    end = start
  }
  return best
}

/** Where those begin that weigh as much as the one before `end`. */
function startOfTie(sorted: Float64Array, end: number): number {
  let start = end - 1
  const lightest = sorted[start] - (sorted[start] % placesMax)
  while (start > 0 && sorted[start - 1] >= lightest) start--
  return start
}
