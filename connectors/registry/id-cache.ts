import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { threadId } from 'node:worker_threads'

interface Stored {
  registry: string
  /** Id of a schema by its text. */
  ids: Record<string, number>
  /** JSON of schemas by id. */
  schemas: Record<string, unknown>
}

/**
 * What a registry has told, kept in a file: with it a process starts and goes on while the registry is away. An id never
 * changes its schema, so nothing in it gets old; the cache of another registry is not used.
 */
export class IdCache {
  readonly #path: string | undefined
  readonly #stored: Stored

  constructor(path: string | undefined, registry: string) {
    this.#path = path
    const stored = path === undefined ? undefined : read(path)
    this.#stored = stored?.registry === registry ? stored : { registry, ids: {}, schemas: {} }
  }

  idOf(schema: string): number | undefined {
    return this.#stored.ids[schema]
  }

  schemaOf(id: number): unknown {
    return this.#stored.schemas[id]
  }

  add(id: number, schema: unknown): void {
    this.#stored.schemas[id] = schema
    this.#write()
  }

  addOwn(id: number, schema: string): void {
    if (this.#stored.ids[schema] === id && this.#stored.schemas[id] !== undefined) return
    this.#stored.ids[schema] = id
    this.add(id, JSON.parse(schema))
  }

  #write(): void {
    if (this.#path === undefined) return
    // Threads of a process may share the file: the last one to write wins, and what it lacks is asked for again.
    const part = `${this.#path}.part-${process.pid}-${threadId}`
    mkdirSync(dirname(this.#path), { recursive: true })
    writeFileSync(part, JSON.stringify(this.#stored))
    renameSync(part, this.#path)
  }
}

function read(path: string): Stored | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Stored
  } catch {
    return undefined // Not written yet, or damaged: the registry tells it again.
  }
}
