import { KeptNeighbours } from '../../recommend/vectors/kept-neighbours.ts'
import { dimensions } from '../../recommend/vectors/signed-projection.ts'
import { Nearest, type NearItems, noneNear, type VectorSearch } from '../../recommend/vectors/vector-search.ts'
import { type VectorPair, VectorTable, vectorsHash } from '../../recommend/vectors/vector-table.ts'
import { graphDimensions } from './graph-build.ts'
import type { GraphFiles, LoadedGraph } from './graph-files.ts'

export interface HnswSearchOptions {
  /** Of an item's number in the catalog, and back (−1: unknown). */
  nameOf: (item: number) => string
  find: (productId: string) => number
  /** null: exact search only. */
  files: GraphFiles | null
  /** From so many vectors on a graph is built. Default 20,000. */
  graphMin?: number
  /** Of the graph's answers so many are compared exactly. Default 600. */
  efSearch?: number
  onBuilt?: (built: { items: number; tookMs: number; error?: unknown }) => void
}

const graphMinDefault = 20_000
const efSearchDefault = 600
/** A graph is built again when this share of all items has changed since. */
const changedShare = 1 / 8
/** Above it, comparing with all is quicker and surer. */
const changedShareMax = 1 / 3
/** After a build that failed. */
const pauseMs = 600_000

interface Built extends LoadedGraph {
  slots: Int32Array
  versions: Uint32Array
}

/**
 * Search by HNSW among many items, exact among few. A graph is never changed: what has changed since it was built is
 * compared exactly beside it, and when that is an eighth of all a thread builds the next one. So the request path pays
 * for neither inserts nor rebuilds, and no answer is older than its vectors. What the graph finds is compared exactly as
 * well: scores and order are those of exact search, only a neighbour may be missed.
 */
export class HnswSearch implements VectorSearch {
  readonly #table = new VectorTable()
  readonly #nearest: Nearest
  readonly #kept: KeptNeighbours
  readonly #options: HnswSearchOptions
  readonly #query = new Array<number>(graphDimensions)
  readonly #changed = new Set<number>()
  #built: Built | null = null
  #building: Promise<void> | null = null
  #pausedUntilMs = 0

  constructor(options: HnswSearchOptions) {
    this.#options = options
    this.#nearest = new Nearest(this.#table, options.nameOf)
    this.#kept = new KeptNeighbours(this.#table, options.nameOf)
  }

  get count(): number {
    return this.#table.count
  }

  /** Whether a graph answers, rather than a comparison with all. */
  get usesGraph(): boolean {
    return this.#built !== null && this.#changed.size <= this.count * changedShareMax
  }

  put(item: number, pair: VectorPair): void {
    const slot = this.#table.put(item, pair)
    if (slot < 0) return
    this.#kept.changed(slot)
    if (this.#built) this.#changed.add(slot)
  }

  remove(item: number): void {
    const slot = this.#table.remove(item)
    if (slot < 0) return
    this.#kept.changed(slot)
    this.#changed.delete(slot)
  }

  neighboursOf(item: number, count: number): NearItems {
    const slot = this.#table.find(item)
    if (slot < 0) return noneNear
    if (!this.#built || !this.usesGraph) return this.#kept.neighboursOf(slot, count)
    this.#nearest.begin(slot, count)
    this.#offerFound(slot, this.#built, count)
    return this.#nearest.end()
  }

  /** Takes up the graph of an earlier run; to be called when all vectors are there. Items that differ count as changed. */
  async load(): Promise<void> {
    const loaded = await this.#options.files?.load()
    if (!loaded) return
    const { contents, behaviours, versions: current } = this.#table
    const slots = Int32Array.from(loaded.ids, id => this.#table.find(this.#options.find(id)))
    const versions = Uint32Array.from(slots, (slot, label) =>
      slot >= 0 && vectorsHash(contents, behaviours, slot) === loaded.hashes[label] ? current[slot] : 0
    )
    this.#adopt({ ...loaded, slots, versions })
  }

  /** Starts a build where one is due. Cheap: to be called every few seconds. */
  refresh(nowMs = performance.now()): void {
    const { files, graphMin = graphMinDefault } = this.#options
    if (files === null || this.#building || nowMs < this.#pausedUntilMs || this.count < graphMin) return
    if (this.#built && this.#changed.size <= this.count * changedShare) return
    this.#building = this.#build(files, nowMs).finally(() => {
      this.#building = null
    })
  }

  /** Resolves when no build is under way. */
  async settled(): Promise<void> {
    await this.#building
  }

  async close(): Promise<void> {
    await this.#options.files?.close()
    await this.#building
  }

  async #build(files: GraphFiles, nowMs: number): Promise<void> {
    const { slots, versions, ...order } = this.#snapshot()
    const started = performance.now()
    let error: unknown
    try {
      await files.build(order)
      const loaded = await files.load()
      if (loaded) this.#adopt({ ...loaded, slots, versions })
    } catch (thrown) {
      error = thrown
      this.#pausedUntilMs = nowMs + pauseMs
    }
    this.#options.onBuilt?.({ items: slots.length, tookMs: performance.now() - started, error })
  }

  #snapshot() {
    const table = this.#table
    const slots = Int32Array.from({ length: table.slots }, (_, slot) => slot).filter(slot => table.itemOf[slot] >= 0)
    const contents = new Int8Array(slots.length * dimensions)
    const behaviours = new Int8Array(slots.length * dimensions)
    for (const [label, slot] of slots.entries()) {
      contents.set(table.contents.subarray(slot * dimensions, (slot + 1) * dimensions), label * dimensions)
      behaviours.set(table.behaviours.subarray(slot * dimensions, (slot + 1) * dimensions), label * dimensions)
    }
    return {
      slots,
      versions: Uint32Array.from(slots, slot => table.versions[slot]),
      contents,
      behaviours,
      ids: Array.from(slots, slot => this.#options.nameOf(table.itemOf[slot]))
    }
  }

  #adopt(built: Built): void {
    const { itemOf, slots } = this.#table
    const isCurrent = new Uint8Array(slots)
    for (const [label, slot] of built.slots.entries()) if (this.#isCurrent(built, label)) isCurrent[slot] = 1
    this.#changed.clear()
    for (let slot = 0; slot < slots; slot++) if (itemOf[slot] >= 0 && isCurrent[slot] === 0) this.#changed.add(slot)
    built.graph.setEf(this.#options.efSearch ?? efSearchDefault)
    this.#built = built
  }

  #isCurrent({ slots, versions }: Built, label: number): boolean {
    return slots[label] >= 0 && versions[label] === this.#table.versions[slots[label]]
  }

  #offerFound(slot: number, built: Built, count: number): void {
    const ask = Math.min(built.ids.length, Math.max(this.#options.efSearch ?? efSearchDefault, count * 2))
    for (const label of built.graph.searchKnn(this.#queryOf(slot), ask).neighbors) {
      if (this.#isCurrent(built, label)) this.#nearest.offer(built.slots[label])
    }
    for (const other of this.#changed) this.#nearest.offer(other)
  }

  #queryOf(slot: number): number[] {
    const { contents, behaviours, evidence } = this.#table
    const trust = evidence[slot]
    const at = slot * dimensions
    for (let i = 0; i < dimensions; i++) {
      this.#query[i] = contents[at + i] * (1 - trust)
      this.#query[dimensions + i] = behaviours[at + i] * trust
    }
    return this.#query
  }
}
