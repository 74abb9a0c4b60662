import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type GraphManifest, type GraphOrder, graphDimensions, manifestName } from './graph-build.ts'
import { type Graph, newGraph } from './hnsw-library.ts'

export interface LoadedGraph {
  graph: Graph
  ids: string[]
  hashes: number[]
}

const threadFile = new URL(import.meta.url.endsWith('.ts') ? './hnsw-thread.ts' : './hnsw-thread.js', import.meta.url)
const graphFile = /^item-vectors-\d+\.graph$/

/** Graphs on disk: built in a thread of their own, read back without holding the event loop. */
export class GraphFiles {
  readonly directory: string
  #worker: Worker | null = null

  constructor(directory: string) {
    this.directory = directory
    mkdirSync(directory, { recursive: true })
  }

  /** Rejects where the build fails; the graph before it stays. */
  async build(order: Omit<GraphOrder, 'directory' | 'name'>): Promise<void> {
    const previous = this.#manifest()?.graph
    const serial = Number(previous?.match(/\d+/)?.[0] ?? 0) + 1
    const { contents, behaviours } = order
    const worker = new Worker(threadFile, {
      workerData: { ...order, directory: this.directory, name: `item-vectors-${serial}.graph` } satisfies GraphOrder,
      transferList: [contents.buffer as ArrayBuffer, behaviours.buffer as ArrayBuffer]
    })
    // The end of the process need not wait for it.
    worker.unref()
    this.#worker = worker
    try {
      await new Promise<void>((resolve, reject) => {
        worker.once('error', reject)
        worker.once('exit', () => resolve())
      })
    } finally {
      this.#worker = null
    }
    await this.#removeOthers()
  }

  /** The last graph that was built; null where there is none, or it is not whole. */
  async load(): Promise<LoadedGraph | null> {
    const manifest = this.#manifest()
    const graph = newGraph(graphDimensions)
    if (manifest === null || graph === null) return null
    const path = join(this.directory, manifest.graph)
    try {
      if (statSync(path).size !== manifest.bytes) return null
      await graph.readIndex(path)
    } catch {
      return null // Built anew when it is needed.
    }
    return { graph, ids: manifest.ids, hashes: manifest.hashes }
  }

  async close(): Promise<void> {
    await this.#worker?.terminate()
  }

  #manifest(): GraphManifest | null {
    try {
      const manifest = JSON.parse(readFileSync(join(this.directory, manifestName), 'utf8')) as GraphManifest
      return manifest.format === 1 && graphFile.test(manifest.graph) ? manifest : null
    } catch {
      return null // None was built yet.
    }
  }

  async #removeOthers(): Promise<void> {
    const current = this.#manifest()?.graph
    const names = await readdir(this.directory)
    const old = names.filter(name => graphFile.test(name) && name !== current)
    await Promise.all(old.map(name => unlink(join(this.directory, name))))
  }
}
