/** Upper ends of the bands, in the shop's currency: about three to a decade. */
const bounds = [1, 2, 5, 10, 20, 50, 100, 200, 500]

/** Fixed logarithmic band of a price, 0 (below 1) to 9 (500 and more); null without a price. */
export function priceBand(price: number | null): number | null {
  if (price === null) return null
  let band = 0
  while (band < bounds.length && price >= bounds[band]) band++
  return band
}
