/** Rows in columns, ordered from the heaviest on; ties by id. */
export interface Order {
  weights: Float32Array
  idAt(place: number): string
}

/** The `count` heaviest of these places, in no order; at the edge, smaller ids first. */
export function heaviest(order: Order, places: number[], count: number): number[] {
  if (places.length <= count) return places
  if (count === 0) return []
  const { weights } = order
  const sorted = Float32Array.from(places, place => weights[place]).sort()
  const edge = sorted[sorted.length - count]
  const heavier = places.filter(place => weights[place] > edge)
  const atEdge = inOrder(
    order,
    places.filter(place => weights[place] === edge)
  )
  return [...heavier, ...atEdge.slice(0, count - heavier.length)]
}

export function inOrder({ weights, idAt }: Order, places: number[]): number[] {
  return places.sort((a, b) => weights[b] - weights[a] || (idAt(a) < idAt(b) ? -1 : 1))
}
