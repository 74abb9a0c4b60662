import { renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stop } from '../../engine/errors.ts'
import { dimensions } from '../../recommend/vectors/signed-projection.ts'
import { vectorsHash } from '../../recommend/vectors/vector-table.ts'
import { newGraph } from './hnsw-library.ts'

/** HNSW's parameters (Malkov, Yashunin 2016, section 4). */
const m = 24
const efConstruction = 200
/** Levels of nodes are drawn from this seed: the same vectors in the same order give the same graph. */
const seed = 7
export const graphDimensions = 2 * dimensions
export const manifestName = 'item-vectors.json'

export interface GraphOrder {
  directory: string
  /** Of the file in `directory`; another one for every build. */
  name: string
  /** Content and behaviour of label after label. */
  contents: Int8Array
  behaviours: Int8Array
  ids: string[]
}

/** Written after its graph: a graph without it counts for nothing. */
export interface GraphManifest {
  format: 1
  graph: string
  bytes: number
  /** By label: which item, and a hash of its vectors. */
  ids: string[]
  hashes: number[]
}

/** Builds a graph and writes it down, about half a millisecond of CPU per item. Throws `vectors_not_indexed`. */
export function buildGraph({ directory, name, contents, behaviours, ids }: GraphOrder): void {
  const graph = newGraph(graphDimensions)
  if (graph === null) throw stop('vectors_not_indexed', 'hnswlib-node cannot be loaded: install it, or go on without.')
  graph.initIndex({ maxElements: Math.max(1, ids.length), m, efConstruction, randomSeed: seed })
  const point = new Array<number>(graphDimensions)
  for (let label = 0; label < ids.length; label++) {
    const at = label * dimensions
    for (let i = 0; i < dimensions; i++) {
      point[i] = contents[at + i]
      point[dimensions + i] = behaviours[at + i]
    }
    graph.addPoint(point, label)
  }
  const hashes = ids.map((_, label) => vectorsHash(contents, behaviours, label))
  const path = join(directory, name)
  graph.writeIndexSync(path)
  const manifest: GraphManifest = { format: 1, graph: name, bytes: statSync(path).size, ids, hashes }
  const manifestPath = join(directory, manifestName)
  writeFileSync(`${manifestPath}.new`, JSON.stringify(manifest))
  renameSync(`${manifestPath}.new`, manifestPath)
}
