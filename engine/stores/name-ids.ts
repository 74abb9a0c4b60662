import { stop } from '../errors.ts'
import type { StateStore, StoreReader } from './state-store.ts'

type Kind = 'store' | 'view'
const idMax = 0xffff
const rowsMax = 65_536

const rowKey = (kind: Kind, name: string) => Buffer.from(`n/${kind}/${name}`)

/** Small numbers that stand for the names of stores and views in row keys; given once and for good. Column `meta`, `n/`. */
export class NameIds {
  readonly #store: StateStore
  readonly #ids: Record<Kind, Map<string, number>>

  constructor(store: StateStore) {
    this.#store = store
    this.#ids = { store: readNameIds(store, 'store'), view: readNameIds(store, 'view') }
  }

  idOf(kind: Kind, name: string): number {
    const ids = this.#ids[kind]
    const known = ids.get(name)
    if (known !== undefined) return known
    const id = Math.max(0, ...ids.values()) + 1
    if (id > idMax)
      throw stop(
        'too_many_stores',
        `There are already ${idMax} ${kind}s in this directory: start in a new one and replay.`
      )
    const batch = this.#store.batch()
    batch.put('meta', rowKey(kind, name), Buffer.of(id >> 8, id & 255))
    this.#store.write(batch)
    ids.set(name, id)
    return id
  }
}

export function readNameIds(store: StoreReader, kind: Kind): Map<string, number> {
  const prefix = `n/${kind}/`
  const rows = store.range('meta', { gte: Buffer.from(prefix), lt: Buffer.from(`n/${kind}0`), limit: rowsMax })
  return new Map(rows.map(([key, value]) => [key.toString('utf8', prefix.length), value.readUInt16BE(0)]))
}
