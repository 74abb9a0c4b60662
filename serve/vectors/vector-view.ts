import type { Catalog } from '../../recommend/catalog.ts'
import { itemVectors } from '../../schemas/topics.ts'
import type { GraphFiles } from './graph-files.ts'
import { HnswSearch, type HnswSearchOptions } from './hnsw-search.ts'

/** Where graphs are kept, and who hears of their builds. */
export interface Graphs {
  files: GraphFiles
  onBuilt?: HnswSearchOptions['onBuilt']
  /** See `HnswSearchOptions`. */
  graphMin?: number
}

/** The view `item-vectors` as answers search it: about 300 bytes an item, all in memory. */
export class VectorView {
  readonly search: HnswSearch
  private readonly catalog: Catalog

  private isStarted = false

  /** Without `graphs` search is exact, however many items there are. */
  constructor(catalog: Catalog, graphs: Graphs | undefined) {
    this.catalog = catalog
    const nameOf = (item: number) => catalog.items.nameOf(item)
    this.search = new HnswSearch({
      nameOf,
      find: productId => catalog.items.find(productId),
      files: graphs?.files ?? null,
      graphMin: graphs?.graphMin,
      onBuilt: graphs?.onBuilt
    })
  }

  put(productId: string, bytes: Buffer | null): void {
    const item = bytes === null ? this.catalog.items.find(productId) : this.catalog.intern(productId)
    if (item < 0) return
    if (bytes === null) {
      this.search.remove(item)
      return
    }
    const { content, behaviour, evidence } = itemVectors.value.decode(bytes)
    this.search.put(item, { content: signed(content), behaviour: signed(behaviour), evidence })
    if (this.isStarted) this.search.refresh()
  }

  /** When all rows have been put: takes up the graph of an earlier run, or has one built. Never rejects. */
  async start(): Promise<void> {
    await this.search.load()
    this.isStarted = true
    this.search.refresh()
  }
}

const signed = (bytes: Buffer | null) => bytes && new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length)
