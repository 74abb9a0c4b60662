import type { CacheBudget } from './cache-budget.ts'

/** Something in memory that counts against the budget. */
export interface Sized {
  bytes: number
}

/** What was used since the last turn, and what was used before that; the latter is dropped at the next turn. */
export class Generations<T extends Sized> {
  readonly #budget: CacheBudget
  #young = new Map<string, T>()
  #old = new Map<string, T>()
  #youngBytes = 0
  #oldBytes = 0

  constructor(budget: CacheBudget) {
    this.#budget = budget
  }

  /** Counts as used. */
  get(key: string): T | undefined {
    return this.#young.get(key) ?? this.#promote(key)
  }

  /** A key that `get` does not find. */
  add(key: string, item: T): void {
    this.#young.set(key, item)
    this.#count(item.bytes)
  }

  /** Of an item that was used since the last turn. */
  resize(item: T, bytes: number): void {
    this.#count(bytes - item.bytes)
    item.bytes = bytes
  }

  turn(): void {
    this.#budget.bytes -= this.#oldBytes
    this.#budget.youngBytes -= this.#youngBytes
    this.#old = this.#young
    this.#oldBytes = this.#youngBytes
    this.#young = new Map()
    this.#youngBytes = 0
  }

  drop(): void {
    this.turn()
    this.turn()
  }

  #promote(key: string): T | undefined {
    const item = this.#old.get(key)
    if (!item) return undefined
    this.#old.delete(key)
    this.#young.set(key, item)
    this.#oldBytes -= item.bytes
    this.#youngBytes += item.bytes
    this.#budget.youngBytes += item.bytes
    return item
  }

  #count(bytes: number): void {
    this.#youngBytes += bytes
    this.#budget.add(bytes)
  }
}
