import type { CacheBudget } from './cache-budget.ts'

/** Something in memory that counts against the budget. */
export interface Sized {
  bytes: number
  /** When it was last used. */
  generation: number
}

/** What is in memory of one store, each with the generation of its last use. */
export class Generations<T extends Sized> {
  readonly #budget: CacheBudget
  readonly #items = new Map<string, T>()

  constructor(budget: CacheBudget) {
    this.#budget = budget
  }

  /** Counts as used. */
  get(key: string): T | undefined {
    const item = this.#items.get(key)
    if (item !== undefined && item.generation !== this.#budget.generation) this.#use(item)
    return item
  }

  /** A key that `get` does not find. */
  add(key: string, item: T): void {
    this.#items.set(key, item)
    item.generation = this.#budget.generation
    this.#budget.add(item.bytes)
  }

  /** Of an item that `get` found. */
  resize(item: T, bytes: number): void {
    this.#budget.add(bytes - item.bytes, item.generation)
    item.bytes = bytes
  }

  dropOlderThan(generation: number, dropped?: (item: T) => void): void {
    this.#items.forEach((item, key) => {
      if (item.generation >= generation) return
      this.#budget.add(-item.bytes, item.generation)
      this.#items.delete(key)
      dropped?.(item)
    })
  }

  drop(): void {
    this.dropOlderThan(Number.POSITIVE_INFINITY)
  }

  #use(item: T): void {
    const { bytes, generation } = item
    this.#budget.add(-bytes, generation)
    this.#budget.add(bytes)
    item.generation = this.#budget.generation
  }
}
