import { Redis } from 'ioredis'
import { MillraceError, messageOf, stop } from '../../engine/errors.ts'
import { mirrorScript } from './mirror-script.ts'

/** `retry`: Redis is away, starting or full. `stop`: it refuses who we are or what we send. */
export type RedisProblem = MillraceError

export function isRefusal(error: unknown): boolean {
  return error instanceof MillraceError && error.remedy === 'stop'
}

/** First word of an error reply (RESP): what a human must mend. */
const refusals = new Set(['NOAUTH', 'WRONGPASS', 'NOPERM', 'WRONGTYPE', 'ERR'])
const commandTimeoutMs = 5000
const connectTimeoutMs = 5000
/** Of an attempt to connect. */
const outcomes = ['ready', 'close', 'end'] as const

/** One connection that comes back by itself; a command while it is away fails at once, and its caller repeats it. */
export class RedisConnection {
  readonly #redis: Redis
  #cause: unknown

  constructor(url: string) {
    this.#redis = new Redis(url, {
      connectTimeout: connectTimeoutMs,
      commandTimeout: commandTimeoutMs,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      retryStrategy: attempt => Math.min(50 * 2 ** Math.min(attempt, 7), 5000),
      scripts: { mirror: { lua: mirrorScript, numberOfKeys: 1 } }
    })
    // Said by whoever runs into it; without a listener it would be printed.
    this.#redis.on('error', cause => {
      this.#cause = cause
    })
    this.#redis.on('ready', () => {
      this.#cause = undefined
    })
  }

  /** How many hashes were replaced. Throws where it is not known that Redis has all of them. */
  async apply(hashes: readonly { key: string; args: readonly string[] }[]): Promise<number> {
    await this.#ready()
    const pipeline = this.#redis.pipeline()
    for (const { key, args } of hashes) (pipeline as unknown as Mirroring).mirror(key, ...args)
    const replies = await this.#replies(pipeline)
    const failed = replies.find(([error]) => error !== null)
    if (failed) throw problemOf(failed[0])
    return replies.reduce((sum, [, replaced]) => sum + Number(replaced), 0)
  }

  /** Settles once it answers and lets us in. */
  async reached(): Promise<void> {
    await this.#ready()
  }

  close(): void {
    this.#redis.disconnect()
  }

  /** Until the attempt to connect that is being made has an outcome; between attempts, at once. */
  async #ready(): Promise<void> {
    const isTrying = () => ['connecting', 'connect', 'wait'].includes(this.#redis.status)
    while (isTrying()) {
      await new Promise<void>(resolve => {
        const done = () => {
          for (const event of outcomes) this.#redis.off(event, done)
          resolve()
        }
        for (const event of outcomes) this.#redis.once(event, done)
      })
    }
    if (this.#redis.status !== 'ready') throw problemOf(this.#cause ?? `it is ${this.#redis.status}`)
  }

  async #replies(pipeline: ReturnType<Redis['pipeline']>): Promise<[Error | null, unknown][]> {
    try {
      return (await pipeline.exec()) ?? []
    } catch (error) {
      throw problemOf(error)
    }
  }
}

interface Mirroring {
  mirror(key: string, ...args: readonly string[]): void
}

function problemOf(cause: unknown): RedisProblem {
  const [word] = messageOf(cause).split(' ', 1)
  if (cause instanceof Error && cause.name === 'ReplyError' && refusals.has(word)) {
    return stop(
      'redis_refused',
      `Redis refuses the mirror of features (${messageOf(cause)}): correct redis.url.`,
      cause
    )
  }
  return new MillraceError('redis_unavailable', 'retry', `Redis does not take features (${messageOf(cause)}).`, {
    cause
  })
}
