import { ByteWriter } from '../bytes.ts'

const out = new ByteWriter(1 << 10)

/** Row keys of one store in one partition: u16 store, u16 partition, the key in UTF-8. Each is valid until the next one. */
export class StateKeys {
  readonly #store: number
  readonly #partition: number

  constructor(store: number, partition: number) {
    this.#store = store
    this.#partition = partition
  }

  of(key: string): Buffer {
    return this.#begin(key).view()
  }

  /** Of a row under a key, behind a NUL. */
  row(key: string, row: string): Buffer {
    return this.#begin(key).u8(0).text(row).view()
  }

  slot(key: string, slot: number): Buffer {
    return this.#begin(key).u8(0).u8(slot).view()
  }

  #begin(key: string): ByteWriter {
    return out.reset().u16(this.#store).u16(this.#partition).text(key)
  }
}
