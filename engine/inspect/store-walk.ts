import type { StoreSize } from '../ports/stream-messages.ts'
import { readNameIds } from '../stores/name-ids.ts'
import type { Column, StoreReader } from '../stores/state-store.ts'

const walked: readonly { column: Column; kind: 'store' | 'view' }[] = [
  { column: 'state', kind: 'store' },
  { column: 'views', kind: 'view' }
]
const idBytes = 2
const pageDefault = { limit: 2_000, bytesMax: 256 * 1024 }

/**
 * How large every store and view is, counted by walking over all rows again and again, a page at a time: the storage
 * engine estimates keys only of a whole database. A page takes a millisecond, so that a round over 100 MB, a page per
 * second, takes seven minutes; sizes are as old as that. Stores of a thread count once each round.
 */
export class StoreWalk {
  readonly #store: StoreReader
  readonly #page: { limit: number; bytesMax: number }
  #place = 0
  #names = new Map<number, string>()
  #from: Buffer | null = null
  #id = 0
  #keys = 0
  #bytes = 0
  #ended: StoreSize[] = []

  constructor(store: StoreReader, page = pageDefault) {
    this.#store = store
    this.#page = page
  }

  /** Walks over one more page; returns the stores whose end it has come to, those without any row with them. */
  next(): StoreSize[] {
    const { column, kind } = walked[this.#place]
    if (!this.#from) {
      this.#names = new Map([...readNameIds(this.#store, kind)].map(([name, id]) => [id, name]))
      this.#from = Buffer.of(0, 1)
    }
    const rows = this.#store.range(column, { gte: this.#from, lt: Buffer.of(0xff, 0xff, 0xff), ...this.#page })
    for (const [key, value] of rows) this.#count(key, value)
    const last = rows.at(-1)
    if (last) this.#from = Buffer.concat([last[0], Buffer.of(0)])
    else this.#endColumn()
    return this.#ended.splice(0)
  }

  #count(key: Buffer, value: Buffer): void {
    const id = key.readUInt16BE(0)
    if (id !== this.#id) {
      this.#endStore()
      this.#id = id
    }
    this.#keys++
    this.#bytes += key.length - idBytes + value.length
  }

  #endStore(): void {
    const name = this.#names.get(this.#id)
    if (name !== undefined) {
      this.#ended.push([name, this.#keys, this.#bytes])
      this.#names.delete(this.#id)
    }
    this.#id = this.#keys = this.#bytes = 0
  }

  #endColumn(): void {
    this.#endStore()
    for (const name of this.#names.values()) this.#ended.push([name, 0, 0])
    this.#from = null
    this.#place = (this.#place + 1) % walked.length
  }
}
