import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NewRecord } from '../../engine/log/log.ts'
import { aheadMaxMs, type Erasure, type ErasureProgress, type ErasureReceipt } from '../../schemas/erasure.ts'
import { erasureRequests } from '../../schemas/topics.ts'
import type { Erasures } from '../ports.ts'
import { type KnownOfErasure, receiptOf } from './receipt.ts'

export interface ErasureBookOptions {
  /** Durable when kept. */
  append: (topic: string, records: NewRecord[]) => Promise<unknown>
  /** The row of the view `erasures`. */
  progressOf: (erasureId: string) => ErasureProgress | null
  /** Whether all that the log held when this was called, and all that came of it, is in the views of this server. */
  settled: (timeoutMs: number) => Promise<boolean>
  /** Of `session-steps`, once that is so. */
  stepsEnd: () => number
  /** The session index of this process. */
  index: { readonly forgottenTo: number; erased(erasureId: string): number | undefined }
  log: KnownOfErasure['log']
  now: () => number
}

/** Who asks for a receipt waits for so long at most; what takes longer is told as running. */
const patienceMs = 300
const settledWithinMs = 60_000
/** Erasures that are known to have settled; of others that is found out again. */
const settledMax = 1_000
/** So long an erasure is running by its id alone, on servers that have no row of it yet. */
const rowWithinMs = 7 * 86_400_000
const idPattern = /^era_([0-9a-z]{8,9})_[\w-]{16}$/

interface Settling {
  /** Ids that were to be told; where more turn up later, as a link came late, all of it is found out again. */
  ids: number
  /** The erasures before it, on `session-steps`, are all there are; null: not known yet. */
  stepsEnd: number | null
  /** Never rejects. */
  known: Promise<void>
}

/**
 * Begins erasures, and says how far they are. The view `erasures` says when all ids have been told to forget, which is on
 * the topics then; from the first look after that, a receipt waits until all of it has been processed and the session
 * index of this process has met the erasures that are on `session-steps` by then.
 */
export class ErasureBook implements Erasures {
  readonly #options: ErasureBookOptions
  readonly #settling = new Map<string, Settling>()

  constructor(options: ErasureBookOptions) {
    this.#options = options
  }

  async begin(userId: string): Promise<ErasureReceipt> {
    const erasure = erasureOf(userId, this.#options.now())
    await this.#options.append(erasureRequests.name, [erasureRecord(erasure)])
    return this.#receipt(erasure.erasure_id, begunAt(erasure.requested_at))
  }

  async find(erasureId: string): Promise<ErasureReceipt | null> {
    const { progressOf, now } = this.#options
    const progress = progressOf(erasureId) ?? progressById(erasureId, now())
    if (progress === null) return null
    if (progress.done >= progress.found) {
      await Promise.race([this.#settle(erasureId, progress.found).known, sleep(patienceMs)])
    }
    return this.#receipt(erasureId, progress)
  }

  #settle(erasureId: string, ids: number): Settling {
    const known = this.#settling.get(erasureId)
    if (known?.ids === ids) return known
    const { settled, stepsEnd } = this.#options
    const settling: Settling = { ids, stepsEnd: null, known: Promise.resolve() }
    const giveUp = () => {
      if (this.#settling.get(erasureId) === settling) this.#settling.delete(erasureId)
    }
    settling.known = settled(settledWithinMs).then(isSettled => {
      if (isSettled) settling.stepsEnd = stepsEnd()
      else giveUp()
    }, giveUp)
    this.#settling.set(erasureId, settling)
    if (this.#settling.size > settledMax) this.#settling.delete(this.#settling.keys().next().value as string)
    return settling
  }

  #receipt(erasureId: string, progress: ErasureProgress): ErasureReceipt {
    const { index, log } = this.#options
    const settling = this.#settling.get(erasureId)
    const stepsEnd = settling?.ids === progress.found ? settling.stepsEnd : null
    const isSettled = stepsEnd !== null
    const isDone = isSettled && index.forgottenTo >= stepsEnd
    const detail = indexDetail(isDone, index.erased(erasureId))
    return receiptOf({ erasureId, progress, isSettled, log, index: { isDone, detail } })
  }
}

function indexDetail(isDone: boolean, visits: number | undefined): string {
  if (!isDone) return 'Of this server; its snapshot is rewritten at the end.'
  return `Of this server, and its snapshot${visits === undefined ? '' : `: ${visits} visits were taken out`}.`
}

export function erasureOf(user_id: string, now: number): Erasure {
  return {
    erasure_id: `era_${now.toString(36)}_${randomBytes(12).toString('base64url')}`,
    user_id,
    requested_at: now,
    until: now + aheadMaxMs
  }
}

export function erasureRecord(erasure: Erasure): NewRecord {
  return { key: erasure.user_id, value: erasureRequests.value.encode(erasure), timestamp: erasure.requested_at }
}

function begunAt(requested_at: number): ErasureProgress {
  return { requested_at, until: requested_at + aheadMaxMs, found: 1, done: 0 }
}

/** What an id says by itself, which holds the time of the request: the view may not have heard of it here. */
function progressById(erasureId: string, now: number): ErasureProgress | null {
  const at = Number.parseInt(idPattern.exec(erasureId)?.[1] ?? '', 36)
  return at >= now - rowWithinMs && at <= now + aheadMaxMs ? begunAt(at) : null
}
