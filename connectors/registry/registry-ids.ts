import { codeOf, MillraceError, stop } from '../../engine/errors.ts'
import { type SchemaIds, schemaText } from '../../schemas/avro.ts'
import { compareSchemas } from '../../schemas/schema-check.ts'
import { BlockingLookup } from './blocking-lookup.ts'
import { IdCache } from './id-cache.ts'
import { RegistryClient, type RegistryOptions } from './registry-client.ts'
import type { Subject } from './subjects.ts'

export interface RegistryIdsOptions {
  registry: RegistryOptions
  /** Everything that is written. */
  subjects: readonly Subject[]
  /** What the registry told is kept here, for when it is away. */
  cacheFile?: string
  /** Register what is not there; else that is an error. Default true. */
  mayRegister?: boolean
  /** How long the calling thread may be stopped to ask for an id that is new here. Default 4 s. */
  lookupMs?: number
  /** The registry is away, and what it told before is used. */
  onProblem?: (error: MillraceError) => void
}

/** Is the registry asked at length although all that is needed is in the cache? */
const shortPatienceMs = 3000
/** Ids that nobody knows are asked again after this. */
const unknownForMs = 60_000
const unknownMax = 1000
/** After a look-up that found the registry away, none is made for this long. */
const awayForMs = 1000

/**
 * Ids of a Confluent-compatible registry. At start every schema that is written is looked up, checked against the one
 * written before, and registered where it may be; while running, ids that others write are asked for once.
 */
export class RegistryIds implements SchemaIds {
  readonly #cache: IdCache
  readonly #own: ReadonlyMap<string, number>
  readonly #lookup: BlockingLookup
  readonly #unknown = new Map<number, number>()
  #awayUntil = 0

  private constructor(cache: IdCache, own: ReadonlyMap<string, number>, lookup: BlockingLookup) {
    this.#cache = cache
    this.#own = own
    this.#lookup = lookup
  }

  static async open(options: RegistryIdsOptions): Promise<RegistryIds> {
    const { registry, subjects, cacheFile, onProblem, lookupMs = 4000 } = options
    const client = new RegistryClient(registry)
    const cache = new IdCache(cacheFile, client.url)
    const own = new Map<string, number>()
    const isCached = subjects.every(({ schema }) => cache.idOf(schemaText(schema)) !== undefined)
    let isAway = false
    for (const subject of subjects) {
      const text = schemaText(subject.schema)
      const known = cache.idOf(text)
      try {
        if (isAway && known !== undefined) own.set(subject.schema, known)
        else {
          const id = await idFor(client, subject, { ...options, patienceMs: isCached ? shortPatienceMs : undefined })
          cache.addOwn(id, text)
          own.set(subject.schema, id)
        }
      } catch (error) {
        if (codeOf(error) !== 'registry_unavailable' || known === undefined) throw error
        isAway = true
        own.set(subject.schema, known)
        onProblem?.(error as MillraceError)
      }
    }
    return new RegistryIds(cache, own, new BlockingLookup(registry, lookupMs))
  }

  idOf(schema: string): number {
    const id = this.#own.get(schema)
    if (id === undefined) throw stop('schema_without_id', `Schema ${schema} has no subject: no topic is known for it.`)
    return id
  }

  writtenUnder(id: number): unknown {
    const known = this.#cache.schemaOf(id)
    if (known !== undefined) return known
    const now = performance.now()
    if ((this.#unknown.get(id) ?? Number.NEGATIVE_INFINITY) > now - unknownForMs) return undefined
    if (now < this.#awayUntil) throw away(id, 'asked a moment ago')
    const found = this.#lookup.ask(id)
    if ('away' in found) {
      this.#awayUntil = performance.now() + awayForMs
      throw away(id, found.away)
    }
    if ('none' in found) {
      if (this.#unknown.size >= unknownMax) this.#unknown.clear()
      this.#unknown.set(id, now)
      return undefined
    }
    this.#cache.add(id, found.schema)
    return found.schema
  }

  async close(): Promise<void> {
    await this.#lookup.close()
  }
}

function away(id: number, why: string): MillraceError {
  return new MillraceError(
    'registry_unavailable',
    'retry',
    `A record was written under schema id ${id}, which is new here, and the schema registry does not tell it: ${why}`
  )
}

async function idFor(
  client: RegistryClient,
  { subject, schema }: Subject,
  { mayRegister = true, patienceMs }: { mayRegister?: boolean; patienceMs?: number }
): Promise<number> {
  const text = schemaText(schema)
  const known = await client.idOf(subject, text, patienceMs)
  if (known !== undefined) return known
  const { verdict, detail } = compareSchemas(await client.latest(subject), text)
  if (verdict === 'incompatible') {
    throw stop('schema_incompatible', `What was written to ${subject} cannot be read with this release: ${detail}`)
  }
  if (mayRegister) return await client.register(subject, text)
  throw stop(
    'schema_not_registered',
    `The registry does not have this release's schema of ${subject}: run millrace schema register, or set registry.register.`
  )
}
