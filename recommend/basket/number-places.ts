/** Twice as many as there may be numbers, so that a search ends soon. A power of two. */
const slotsPerNumber = 2

/** A place for each of a few numbers (open addressing); emptied in no time, for the next question. */
export class NumberPlaces {
  count = 0
  private readonly numbers: Int32Array
  private readonly places: Int32Array
  private readonly stamps: Int32Array
  private stamp = 0

  /** `max`: more numbers must not be added; a power of two. */
  constructor(max: number) {
    this.numbers = new Int32Array(max * slotsPerNumber)
    this.places = new Int32Array(this.numbers.length)
    this.stamps = new Int32Array(this.numbers.length)
  }

  clear(): void {
    this.count = 0
    this.stamp++
  }

  /** Places are given out from 0 on: that of a new number is `count` before the call. */
  placeOf(number: number): number {
    const { numbers, stamps, stamp } = this
    const mask = numbers.length - 1
    let slot = number & mask
    for (; stamps[slot] === stamp; slot = (slot + 1) & mask) if (numbers[slot] === number) return this.places[slot]
    stamps[slot] = stamp
    numbers[slot] = number
    this.places[slot] = this.count
    return this.count++
  }
}
