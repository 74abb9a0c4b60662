import { dimensions, unit } from './signed-projection.ts'

/** An item's two vectors; null where nothing is known. `evidence`: what behaviour is worth beside content, 0 to 1. */
export interface VectorPair {
  content: Int8Array | null
  behaviour: Int8Array | null
  evidence: number
}

/** Vectors at most; 260 bytes each, so a quarter of a gigabyte. Further items have no neighbours by vector. */
const itemsMax = 1 << 20
const startCapacity = 256
const perCosine = 1 / (unit * unit)

/**
 * The vectors of all items side by side, each in a slot of its own. A slot's version changes whenever what is in it does,
 * so that what was made from an older state can be told.
 */
export class VectorTable {
  /** Slots in use lie below it; some may be free. */
  slots = 0
  contents = new Int8Array(startCapacity * dimensions)
  behaviours = new Int8Array(startCapacity * dimensions)
  evidence = new Float32Array(startCapacity)
  /** −1: free. */
  itemOf = new Int32Array(startCapacity).fill(-1)
  versions = new Uint32Array(startCapacity)
  private readonly slotOf = new Map<number, number>()
  private readonly free: number[] = []

  get count(): number {
    return this.slotOf.size
  }

  /** −1: no vector. */
  find(item: number): number {
    return this.slotOf.get(item) ?? -1
  }

  /** The slot; −1 where the table is full. */
  put(item: number, { content, behaviour, evidence }: VectorPair): number {
    const slot = this.slotOf.get(item) ?? this.added(item)
    if (slot < 0) return slot
    write(this.contents, slot, content)
    write(this.behaviours, slot, behaviour)
    this.evidence[slot] = behaviour === null ? 0 : evidence
    this.versions[slot]++
    return slot
  }

  /** The slot that is free now; −1 where the item had none. */
  remove(item: number): number {
    const slot = this.slotOf.get(item)
    if (slot === undefined) return -1
    this.slotOf.delete(item)
    this.free.push(slot)
    this.itemOf[slot] = -1
    this.versions[slot]++
    return slot
  }

  /**
   * How near the item of `slot` is to that of `to`, −1 to 1: the cosine of what they are and of how people use them,
   * weighed by the evidence of the one that is searched from.
   */
  nearness(slot: number, to: number): number {
    const trust = this.evidence[slot]
    const alike = dot(this.contents, slot, to) * (1 - trust)
    return (trust === 0 ? alike : alike + dot(this.behaviours, slot, to) * trust) * perCosine
  }

  private added(item: number): number {
    if (this.count >= itemsMax) return -1
    const slot = this.free.pop() ?? this.slots++
    if (slot >= this.itemOf.length) this.grow()
    this.itemOf[slot] = item
    this.slotOf.set(item, slot)
    return slot
  }

  private grow(): void {
    const capacity = this.itemOf.length * 2
    const longer = <C extends Int8Array | Float32Array | Int32Array | Uint32Array>(column: C, length: number): C => {
      const grown = new (column.constructor as new (length: number) => C)(length)
      grown.set(column)
      return grown
    }
    this.contents = longer(this.contents, capacity * dimensions)
    this.behaviours = longer(this.behaviours, capacity * dimensions)
    this.evidence = longer(this.evidence, capacity)
    this.versions = longer(this.versions, capacity)
    this.itemOf = longer(this.itemOf, capacity).fill(-1, this.slots - 1)
  }
}

function write(column: Int8Array, slot: number, vector: Int8Array | null): void {
  const at = slot * dimensions
  if (vector === null || vector.length !== dimensions) column.fill(0, at, at + dimensions)
  else column.set(vector, at)
}

/** FNV-1a over the bytes of both vectors in one place of two columns. */
export function vectorsHash(contents: Int8Array, behaviours: Int8Array, place: number): number {
  let h = 0x811c9dc5
  for (let i = place * dimensions; i < (place + 1) * dimensions; i++) {
    h = Math.imul(h ^ (contents[i] & 0xff), 0x01000193)
    h = Math.imul(h ^ (behaviours[i] & 0xff), 0x01000193)
  }
  return h >>> 0
}

/** Whole numbers: the same on every machine. Four sums at once, since additions wait for one another. */
function dot(column: Int8Array, slot: number, to: number): number {
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  let j = to * dimensions
  const end = (slot + 1) * dimensions
  for (let i = slot * dimensions; i < end; i += 4, j += 4) {
    a += column[i] * column[j]
    b += column[i + 1] * column[j + 1]
    c += column[i + 2] * column[j + 2]
    d += column[i + 3] * column[j + 3]
  }
  return a + b + c + d
}
