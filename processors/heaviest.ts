/** Rows in columns, ordered from the heaviest on; ties by id. */
export interface Order {
  weights: Float32Array
  idAt(place: number): string
}

let sorted = new Float32Array(1 << 12)

/** The `count` heaviest of these places, in no order; at the edge, smaller ids first. Plain loops: this is hot. */
export function heaviest(order: Order, places: number[], count: number): number[] {
  const { length } = places
  if (length <= count) return places
  if (count === 0) return []
  const { weights } = order
  if (sorted.length < length) sorted = new Float32Array(length * 2)
  for (let i = 0; i < length; i++) sorted[i] = weights[places[i]]
  const edge = sorted.subarray(0, length).sort()[length - count]
  const chosen: number[] = []
  const atEdge: number[] = []
  for (let i = 0; i < length; i++) {
    const place = places[i]
    const weight = weights[place]
    if (weight > edge) chosen.push(place)
    else if (weight === edge) atEdge.push(place)
  }
  const room = count - chosen.length
  if (room < atEdge.length) inOrder(order, atEdge).length = room
  for (const place of atEdge) chosen.push(place)
  return chosen
}

export function inOrder({ weights, idAt }: Order, places: number[]): number[] {
  return places.sort((a, b) => weights[b] - weights[a] || (idAt(a) < idAt(b) ? -1 : 1))
}
