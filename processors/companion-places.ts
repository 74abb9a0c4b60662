/** Where a companion of the list at hand stands, plus 1, by its number; all 0 but between `notePlaces` and `forgetPlaces`. */
let places = new Int32Array(1 << 12)

/** From here to `forgetPlaces`, `placeOf` needs no loop. `numbersMax`: as many numbers as there are. */
export function notePlaces(items: Int32Array, length: number, numbersMax: number): void {
  if (places.length < numbersMax) places = new Int32Array(numbersMax * 2)
  for (let i = 0; i < length; i++) places[items[i]] = i + 1
}

export function forgetPlaces(items: Int32Array, length: number): void {
  for (let i = 0; i < length; i++) places[items[i]] = 0
}

export function notePlace(number: number, at: number): void {
  places[number] = at + 1
}

/** −1 = nowhere. */
export function placeOf(number: number): number {
  return number < places.length ? places[number] - 1 : -1
}

/** One is gone. */
export function forgetPlace(number: number): void {
  places[number] = 0
}
