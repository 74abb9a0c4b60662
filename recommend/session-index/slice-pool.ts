import { longer } from './longer.ts'

/**
 * Many short lists of whole numbers in one array. A list takes a slice of its size class; a slice that is given back
 * is taken again by the next list of that class, so the pool grows only to the most that was ever in use at once.
 */
export class SlicePool {
  words = new Int32Array(1 << 12)
  readonly capacities: readonly number[]
  used = 0
  private readonly freed: number[][]

  constructor(capacities: readonly number[]) {
    this.capacities = capacities
    this.freed = capacities.map(() => [])
  }

  take(sizeClass: number): number {
    const again = this.freed[sizeClass].pop()
    if (again !== undefined) return again
    const offset = this.used
    this.used += this.capacities[sizeClass]
    this.words = longer(this.words, this.used)
    return offset
  }

  give(offset: number, sizeClass: number): void {
    this.freed[sizeClass].push(offset)
  }

  /** A larger slice with the first `count` words of this one, which is given back. */
  exchange(offset: number, sizeClass: number, count: number): number {
    const larger = this.take(sizeClass + 1)
    this.words.copyWithin(larger, offset, offset + count)
    this.give(offset, sizeClass)
    return larger
  }

  /** Offsets of free slices by class, for a snapshot. */
  get free(): readonly (readonly number[])[] {
    return this.freed
  }

  restore(words: Int32Array<ArrayBuffer>, free: readonly (readonly number[])[]): void {
    this.words = words
    this.used = words.length
    free.forEach((offsets, sizeClass) => {
      this.freed[sizeClass] = [...offsets]
    })
  }
}

/** first, 2·first, 4·first … and last `max` itself. */
export function doublingCapacities(first: number, max: number): number[] {
  const capacities = [Math.min(first, max)]
  while (capacities[capacities.length - 1] < max) {
    capacities.push(Math.min(capacities[capacities.length - 1] * 2, max))
  }
  return capacities
}
