import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** A look at the files costs some 20 µs; so many commits go by between two. */
const commitsPerLook = 128

export interface Manifest {
  number: number
  bytes: number
}

/**
 * Watches the files of a RocksDB: commits are settled once the write-ahead log that held them is gone, since RocksDB
 * deletes one when all of it is in tables.
 */
export class WalWatch {
  readonly #folder: string
  #looks: { commit: number; wal: number }[] = []
  #nextLook = 0
  settled = 0
  manifest: Manifest = { number: 0, bytes: 0 }

  constructor(folder: string) {
    this.#folder = folder
  }

  committed(commit: number): void {
    if (commit < this.#nextLook) return
    this.#nextLook = commit + commitsPerLook
    const logs = readdirSync(this.#folder).filter(file => file.endsWith('.log'))
    const numbers = logs.map(file => Number.parseInt(file, 10))
    const newest = Math.max(...numbers)
    const oldest = Math.min(...numbers)
    const lastLook = this.#looks.at(-1)
    if (lastLook?.wal === newest) lastLook.commit = commit
    else this.#looks.push({ commit, wal: newest })
    while (this.#looks.length > 1 && this.#looks[0].wal < oldest)
      this.settled = this.#looks.shift()?.commit ?? this.settled
    this.manifest = readManifest(this.#folder) ?? this.manifest
  }
}

/** The file that names all tables, and how far it has grown; null where there is none to be read. */
export function readManifest(folder: string): Manifest | null {
  try {
    const name = readFileSync(join(folder, 'CURRENT'), 'latin1').trim()
    return { number: Number(name.replace('MANIFEST-', '')), bytes: statSync(join(folder, name)).size }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
