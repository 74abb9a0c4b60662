const blockRowsMax = 256

interface Block {
  keys: string[]
  values: Buffer[]
}

/** Rows in byte order of their keys (held as latin1, whose code units sort as the bytes do), in blocks that split. */
export class SortedRows {
  #blocks: Block[] = [{ keys: [], values: [] }]

  get(key: string): Buffer | undefined {
    const block = this.#blocks[this.#blockOf(key)]
    const at = lowerBound(block.keys, key)
    return block.keys[at] === key ? block.values[at] : undefined
  }

  set(key: string, value: Buffer): void {
    const index = this.#blockOf(key)
    const block = this.#blocks[index]
    const at = lowerBound(block.keys, key)
    if (block.keys[at] === key) {
      block.values[at] = value
      return
    }
    block.keys.splice(at, 0, key)
    block.values.splice(at, 0, value)
    if (block.keys.length > blockRowsMax) this.#split(index, at === block.keys.length - 1)
  }

  delete(key: string): void {
    const index = this.#blockOf(key)
    const block = this.#blocks[index]
    const at = lowerBound(block.keys, key)
    if (block.keys[at] !== key) return
    block.keys.splice(at, 1)
    block.values.splice(at, 1)
    if (block.keys.length === 0 && this.#blocks.length > 1) this.#blocks.splice(index, 1)
  }

  *forward(gte: string, lt: string): Generator<[string, Buffer]> {
    let index = this.#blockOf(gte)
    let at = lowerBound(this.#blocks[index].keys, gte)
    for (; index < this.#blocks.length; index++, at = 0) {
      const { keys, values } = this.#blocks[index]
      for (; at < keys.length; at++) {
        if (keys[at] >= lt) return
        yield [keys[at], values[at]]
      }
    }
  }

  *backward(gte: string, lt: string): Generator<[string, Buffer]> {
    let index = this.#blockOf(lt)
    let at = lowerBound(this.#blocks[index].keys, lt) - 1
    for (;;) {
      const { keys, values } = this.#blocks[index]
      for (; at >= 0; at--) {
        if (keys[at] < gte) return
        yield [keys[at], values[at]]
      }
      if (--index < 0) return
      at = this.#blocks[index].keys.length - 1
    }
  }

  /** The last block that starts at or before the key. */
  #blockOf(key: string): number {
    let low = 0
    let high = this.#blocks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#blocks[middle].keys[0] <= key) low = middle
      else high = middle - 1
    }
    return low
  }

  /** Rows that arrive in order leave full blocks behind; others leave halves. */
  #split(index: number, isAppending: boolean): void {
    const { keys, values } = this.#blocks[index]
    const at = isAppending ? keys.length - 1 : keys.length >> 1
    this.#blocks.splice(index + 1, 0, { keys: keys.splice(at), values: values.splice(at) })
  }
}

function lowerBound(keys: string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (keys[middle] < key) low = middle + 1
    else high = middle
  }
  return low
}
