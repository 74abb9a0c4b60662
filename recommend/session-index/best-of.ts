import { longer } from './longer.ts'

/** Which of two rows comes first where their keys are equal. */
export type TieOrder = (a: number, b: number) => boolean

/** Chooses the k largest of many, each a key with a tag; the chosen come first, in no order, and all others follow. */
export class BestOf {
  keys = new Float64Array(4096)
  tags = new Int32Array(4096)
  private ties = new Int32Array(64)

  reserve(count: number): void {
    if (count <= this.keys.length) return
    this.keys = longer(this.keys, count)
    this.tags = longer(this.tags, this.keys.length)
  }

  /** For keys that are all different. Hoare's selection. */
  choose(count: number, k: number): void {
    const { keys, tags } = this
    let low = 0
    let high = count - 1
    while (low < high) {
      const pivot = keys[(low + high) >> 1]
      let i = low
      let j = high
      while (i <= j) {
        while (keys[i] > pivot) i++
        while (keys[j] < pivot) j--
        if (i > j) break
        const key = keys[i]
        const tag = tags[i]
        keys[i] = keys[j]
        tags[i++] = tags[j]
        keys[j] = key
        tags[j--] = tag
      }
      if (k - 1 <= j) high = j
      else if (k - 1 >= i) low = i
      else break
    }
  }

  /** Equal keys at the edge are told apart by `precedes`. */
  chooseInOrder(count: number, k: number, precedes: TieOrder): void {
    if (count <= k) return
    this.choose(count, k)
    const { keys, tags } = this
    let edge = keys[0]
    for (let i = 1; i < k; i++) if (keys[i] < edge) edge = keys[i]
    let tied = 0
    let first = 0
    let isDecided = true
    for (let i = 0; i < count; i++) {
      if (keys[i] !== edge) continue
      if (i >= k) isDecided = false
      this.ties = longer(this.ties, tied + 1)
      this.insert(tags[i], tied++, precedes)
    }
    if (isDecided) return
    for (let i = 0; i < count; i++) if (keys[i] === edge) tags[i] = this.ties[first++]
  }

  private insert(tag: number, count: number, precedes: TieOrder): void {
    const { ties } = this
    let i = count
    for (; i > 0 && precedes(tag, ties[i - 1]); i--) ties[i] = ties[i - 1]
    ties[i] = tag
  }
}
