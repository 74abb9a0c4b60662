import { randomBytes } from 'node:crypto'
import type { NewRecord } from '../../engine/log/log.ts'
import { aheadMaxMs, type Erasure, type ErasureProgress, type ErasureReceipt } from '../../schemas/erasure.ts'
import { erasureRequests } from '../../schemas/topics.ts'
import type { Erasures } from '../ports.ts'
import type { ErasedHere } from '../visits/erasing-visits.ts'
import { type KnownOfErasure, receiptOf } from './receipt.ts'

export interface ErasureBookOptions {
  /** Durable when kept. */
  append: (topic: string, records: NewRecord[]) => Promise<unknown>
  /** The row of the view `erasures`. */
  progressOf: (erasureId: string) => ErasureProgress | null
  /** The session index of this process. */
  index: { readonly isPending: boolean; erased(erasureId: string): ErasedHere | undefined }
  log: KnownOfErasure['log']
  now: () => number
}

/** Erasures that were asked for here and may not be in the view yet. */
const begunMax = 1_000

/** Begins erasures, and says how far they are: by the view `erasures`, and by what this process keeps in memory. */
export class ErasureBook implements Erasures {
  readonly #options: ErasureBookOptions
  readonly #begun = new Map<string, ErasureProgress>()
  readonly #startedAt: number

  constructor(options: ErasureBookOptions) {
    this.#options = options
    this.#startedAt = options.now()
  }

  async begin(userId: string): Promise<ErasureReceipt> {
    const erasure = erasureOf(userId, this.#options.now())
    await this.#options.append(erasureRequests.name, [erasureRecord(erasure)])
    const progress = { requested_at: erasure.requested_at, until: erasure.until, found: 1, done: 0 }
    this.#begun.set(erasure.erasure_id, progress)
    if (this.#begun.size > begunMax) this.#begun.delete(this.#begun.keys().next().value as string)
    return this.#receipt(erasure.erasure_id, progress)
  }

  find(erasureId: string): ErasureReceipt | null {
    const progress = this.#options.progressOf(erasureId) ?? this.#begun.get(erasureId) ?? null
    return progress && this.#receipt(erasureId, progress)
  }

  #receipt(erasureId: string, progress: ErasureProgress): ErasureReceipt {
    const { index, log } = this.#options
    const erased = index.erased(erasureId)
    // What was asked for before the start has been met on the way to being ready.
    const isMet = (erased?.ids ?? 0) >= progress.found || progress.requested_at < this.#startedAt
    const isDone = progress.done >= progress.found && isMet && !index.isPending
    return receiptOf({ erasureId, progress, log, index: { isDone, detail: indexDetail(isDone, erased) } })
  }
}

function indexDetail(isDone: boolean, erased: ErasedHere | undefined): string {
  if (!isDone) return 'Of this server; its snapshot is rewritten at the end.'
  const visits = erased ? `: ${erased.visits} visits were taken out` : ''
  return `Of this server, and its snapshot${visits}.`
}

export function erasureOf(user_id: string, now: number): Erasure {
  return {
    erasure_id: `era_${randomBytes(12).toString('base64url')}`,
    user_id,
    requested_at: now,
    until: now + aheadMaxMs
  }
}

export function erasureRecord(erasure: Erasure): NewRecord {
  return { key: erasure.user_id, value: erasureRequests.value.encode(erasure), timestamp: erasure.requested_at }
}
