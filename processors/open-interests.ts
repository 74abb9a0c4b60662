import type { ByteReader, ByteWriter } from '../engine/bytes.ts'
import type { ProductRow } from '../schemas/tables.ts'

/** What an act of a person on an item is worth; negative where it is taken back. */
export interface ItemInterest {
  person: string
  worth: number
  ts: number
}

/** Who is erased once acted on the item: what they did up to then is not to be known there any more. Key: the item. */
export interface ForgottenInterest {
  forgets: string
  until: number
}

/** What is said of an item to whoever knows what people like: also its row. */
export type Interest = ItemInterest | ForgottenInterest | ProductRow | null

/** The newest acts on an item, in order of (time, person), as columns: every item has as many as it may. */
export class OpenInterests {
  readonly #persons: string[] = []
  readonly #worths: number[] = []
  readonly #times: number[] = []

  /** For people and digests. */
  toJSON(): ItemInterest[] {
    return [...this]
  }

  *[Symbol.iterator](): Generator<ItemInterest> {
    for (let i = 0; i < this.#times.length; i++) {
      yield { person: this.#persons[i], worth: this.#worths[i], ts: this.#times[i] }
    }
  }

  /** Keeps the newest `max`, and takes out what is taken back; false if it is too old to be one of them. */
  put({ person, worth, ts }: ItemInterest, max: number): boolean {
    const after = this.#placeAfter(ts, person)
    if (worth < 0) {
      for (let i = after - 1; i >= 0 && this.#times[i] === ts && this.#persons[i] === person; i--) {
        if (this.#worths[i] !== -worth) continue
        this.#drop(i)
        return true
      }
    }
    if (after === 0 && this.#times.length === max) return false
    this.#insert(after, person, worth, ts)
    if (this.#times.length > max) this.#drop(0)
    return true
  }

  without({ forgets, until }: ForgottenInterest): OpenInterests {
    return OpenInterests.from([...this].filter(({ person, ts }) => person !== forgets || ts > until))
  }

  write(out: ByteWriter): void {
    out.varint(this.#times.length)
    let last = 0
    for (const { person, worth, ts } of this) {
      out
        .zigzag(ts - last)
        .f64(worth)
        .string(person)
      last = ts
    }
  }

  static read(input: ByteReader): OpenInterests {
    const open = new OpenInterests()
    let last = 0
    for (let left = input.varint(); left > 0; left--) {
      last += input.zigzag()
      open.#times.push(last)
      open.#worths.push(input.f64())
      open.#persons.push(input.string())
    }
    return open
  }

  static from(interests: Iterable<ItemInterest>): OpenInterests {
    const open = new OpenInterests()
    for (const { person, worth, ts } of interests) open.#insert(open.#times.length, person, worth, ts)
    return open
  }

  #placeAfter(ts: number, person: string): number {
    let at = this.#times.length
    while (at > 0 && (this.#times[at - 1] > ts || (this.#times[at - 1] === ts && this.#persons[at - 1] > person))) at--
    return at
  }

  #insert(at: number, person: string, worth: number, ts: number): void {
    this.#persons.splice(at, 0, person)
    this.#worths.splice(at, 0, worth)
    this.#times.splice(at, 0, ts)
  }

  #drop(at: number): void {
    this.#persons.splice(at, 1)
    this.#worths.splice(at, 1)
    this.#times.splice(at, 1)
  }
}
