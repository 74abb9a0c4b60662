import { createRequire } from 'node:module'
import type { HierarchicalNSW } from 'hnswlib-node'

export type Graph = HierarchicalNSW

let library: { HierarchicalNSW: new (space: 'ip', dimensions: number) => Graph } | null | undefined

/** An empty graph; null where hnswlib-node is not installed or could not be compiled: it is an optional dependency. */
export function newGraph(dimensions: number): Graph | null {
  if (library === undefined) {
    try {
      library = createRequire(import.meta.url)('hnswlib-node') as typeof library
    } catch {
      library = null // Exact search answers instead.
    }
  }
  return library ? new library.HierarchicalNSW('ip', dimensions) : null
}
