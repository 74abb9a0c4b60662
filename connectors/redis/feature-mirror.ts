import { setTimeout as sleep } from 'node:timers/promises'
import type { Topic } from '../../engine/topic.ts'
import { itemFeatures, userFeatures } from '../../schemas/topics.ts'
import { isRefusal, RedisConnection, type RedisProblem } from './redis-connection.ts'

/** A record of a view's topic. */
export interface MirroredChange {
  /** Plain name: `user-features` or `item-features`; others are passed over. */
  view: string
  key: string
  /** As on the log; `null` = gone. */
  value: Buffer | null
  partition: number
  offset: number
}

export interface FeatureMirrorOptions {
  /** redis:// or rediss://, with name and password where there are any. */
  url: string
  /** Keys are `<namespace>:<view>:<id>`. */
  namespace: string
  /**
   * Names what offsets count in, such as the topic's id: records of another source replace what is there. Default: the
   * view's name.
   */
  sourceOf?: (view: string) => string
  /** Values that have not changed for this long leave Redis; 0 keeps them. Default 0. */
  ttlMs?: number
  /** After every batch. */
  onFed?: (fed: MirrorCounts) => void
  /** Redis is away or does not take what is sent; said once, until it works again. */
  onProblem?: (problem: RedisProblem) => void
}

export interface MirrorCounts {
  /** Replaced or removed. */
  applied: number
  /** What was there was as new. */
  stale: number
  /** Bytes that are no value of their view: passed over. */
  unreadable: number
  tookMs: number
}

type Hash = { key: string; args: string[] }

const views = new Map<string, Topic<any, any, any>>([userFeatures, itemFeatures].map(view => [view.name, view]))

/** One round trip each; more would hold up other users of Redis, whose scripts run one at a time. */
const pipelineHashes = 200
/** How long the position of a value that is gone keeps older ones out. */
const goneMs = 86_400_000
const backOff = { firstMs: 50, maxMs: 5000 }

/**
 * Mirrors features of users and items to Redis, for programs that read them there: a hash per id, each field JSON. What
 * it holds never goes back to an older position of the log, whatever is repeated or runs beside it.
 */
export class FeatureMirror {
  readonly #options: FeatureMirrorOptions
  readonly #redis: RedisConnection
  #isClosed = false

  constructor(options: FeatureMirrorOptions) {
    this.#options = options
    this.#redis = new RedisConnection(options.url)
  }

  /**
   * Resolves when Redis has the batch. While Redis is away it waits, so that whoever feeds reads no further; what only a
   * human can mend is thrown. Batches of one partition must come in their order.
   */
  async feed(batch: readonly MirroredChange[]): Promise<void> {
    const started = performance.now()
    const { hashes, unreadable } = this.#hashesOf(batch)
    let applied = 0
    for (let i = 0; i < hashes.length; i += pipelineHashes) {
      applied += await this.#applyUntilTaken(hashes.slice(i, i + pipelineHashes))
    }
    const tookMs = performance.now() - started
    this.#options.onFed?.({ applied, stale: hashes.length - applied, unreadable, tookMs })
  }

  /** A batch that waits is given up. */
  close(): void {
    this.#isClosed = true
    this.#redis.close()
  }

  /** Repeating is harmless, so what is unknown is done again. */
  async #applyUntilTaken(hashes: readonly Hash[]): Promise<number> {
    let isSaid = false
    for (let pauseMs = backOff.firstMs; !this.#isClosed; pauseMs = Math.min(pauseMs * 2, backOff.maxMs)) {
      try {
        return await this.#redis.apply(hashes)
      } catch (error) {
        if (isRefusal(error)) throw error
        if (!isSaid) this.#options.onProblem?.(error as RedisProblem)
        isSaid = true
      }
      await sleep(pauseMs)
    }
    return 0
  }

  /** The last value per id; those before it would be replaced at once. */
  #hashesOf(batch: readonly MirroredChange[]): { hashes: Hash[]; unreadable: number } {
    const last = new Map<string, Hash>()
    let unreadable = 0
    for (const change of batch) {
      const view = views.get(change.view)
      if (!view) continue
      const fields = fieldsOf(view, change.value)
      if (fields === undefined) {
        unreadable++
        continue
      }
      const key = `${this.#options.namespace}:${change.view}:${change.key}`
      last.set(key, { key, args: [...this.#positionOf(change), ...fields] })
    }
    return { hashes: [...last.values()], unreadable }
  }

  #positionOf({ view, value, partition, offset }: MirroredChange): string[] {
    const { sourceOf, ttlMs = 0 } = this.#options
    const liveMs = value === null ? goneMs : ttlMs
    return [sourceOf?.(view) ?? view, String(partition), String(offset), String(liveMs)]
  }
}

/** `undefined` where the bytes are no value of the view. */
function fieldsOf(view: Topic<any, any, any>, value: Buffer | null): string[] | undefined {
  if (value === null) return []
  try {
    return Object.entries(view.value.decode(value) as object).flatMap(([name, field]) => [name, JSON.stringify(field)])
  } catch {
    return undefined // Counted by the caller; the log still has it.
  }
}
