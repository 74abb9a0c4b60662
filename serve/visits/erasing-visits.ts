import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../engine/errors.ts'
import type { RecordBatch } from '../../engine/log/log.ts'
import { VisitErasure } from '../../recommend/visit-erasure.ts'
import type { VisitIndex } from '../../recommend/visit-index.ts'
import { isErasure, type SessionErasure, type SessionStep } from '../../schemas/session-step.ts'
import { decodedStep } from './step-tail.ts'

/** `session-steps` once more from its start, at least up to an offset; the thread is free between two parts. */
export type RereadSteps = (to: () => number) => AsyncIterable<RecordBatch>

interface Reading {
  take: (step: SessionStep, offset: number) => void
  done: () => void
}

interface Asked {
  erasure: SessionErasure
  offset: number
}

export interface ErasingVisitsOptions {
  visits: VisitIndex
  reread: RereadSteps
  /** Whatever is on the topic before this offset has been taken by the index, or cannot be read. */
  readTo: () => number
  /** Visits are out of the index: a snapshot may be written again, and one that has them may not stay. */
  onErased: () => Promise<void>
  say: (line: string) => void
  /** After an attempt that failed. */
  retryMs?: number
}

const retryMsDefault = 5_000
/** Erasures whose outcome is remembered; of others a receipt says no number of visits. */
const rememberedMax = 1_000

/**
 * Carries out the erasures that come along on `session-steps`, all that are there at a time in one go. Until they are out
 * of the index no snapshot may be written (`isErasing`): a start from it would not meet the erasure again.
 */
export class ErasingVisits {
  readonly #options: ErasingVisitsOptions
  readonly #erased = new Map<string, number>()
  /** Items cut short by what was taken out, until the topic has said what is left of them. */
  readonly #unfinished = new Set<number>()
  /** To be carried out, as on the topic. */
  #asked: Asked[] = []
  /** Being carried out; `isOut`: of the index, and not yet of its snapshot. */
  #current: { asked: readonly Asked[]; isOut: boolean } | null = null
  #running: Promise<void> | null = null
  #isClosed = false

  constructor(options: ErasingVisitsOptions) {
    this.#options = options
  }

  get isErasing(): boolean {
    return this.#asked.length > 0 || (this.#current !== null && !this.#current.isOut)
  }

  /** Whatever was to be forgotten before this offset of the topic is out of the index, and of its snapshot. */
  get forgottenTo(): number {
    const [first] = this.#current?.asked ?? this.#asked
    return first?.offset ?? this.#options.readTo()
  }

  /** Visits that an erasure took out; undefined: none of its steps was among the last that were carried out since the start. */
  erased(erasureId: string): number | undefined {
    return this.#erased.get(erasureId)
  }

  add(erasure: SessionErasure, offset: number): void {
    this.#asked.push({ erasure, offset })
  }

  /** To be called when the index has taken what there is. */
  start(): void {
    if (this.#isClosed || this.#running || this.#asked.length === 0) return
    this.#current = { asked: this.#asked, isOut: false }
    this.#asked = []
    this.#running = this.#erase(this.#current)
      .catch(error => this.#tryLater(error))
      .then(() => {
        this.#running = null
        this.start()
      })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
  }

  async #erase(current: { asked: readonly Asked[]; isOut: boolean }): Promise<void> {
    const { visits, onErased } = this.#options
    const { asked } = current
    const erasure = new VisitErasure(visits.feed, asked, this.#unfinished)
    const last = asked[asked.length - 1].offset
    let names: string[] = []
    await this.#read(() => last, {
      take: (step, offset) => erasure.find(step, offset),
      done: () => {
        names = erasure.erase()
      }
    })
    if (erasure.isUnfinished) {
      await this.#read(() => visits.nextOffset, {
        take: (step, offset) => erasure.rebuild(step, offset),
        done: () => erasure.finish()
      })
    }
    if (this.#isClosed) return
    current.isOut = true
    this.#remember(asked, names)
    await onErased()
    this.#current = null
  }

  /** Every step before `end`, which may move on meanwhile: `done` is called where nothing lies between. */
  async #read(end: () => number, { take, done }: Reading): Promise<void> {
    for await (const batch of this.#options.reread(end)) {
      for (let i = 0; i < batch.count && batch.offset(i) < end(); i++) {
        const step = decodedStep(batch.value(i))
        if (step && !isErasure(step)) take(step, batch.offset(i))
      }
      if (this.#isClosed) return
      if (batch.nextOffset >= end()) return done()
    }
    if (!this.#isClosed) done()
  }

  #remember(asked: readonly Asked[], names: readonly string[]): void {
    for (const { erasure } of asked) {
      const known = this.#erased.get(erasure.order_id) ?? 0
      const own = names.filter(name => name.slice(0, name.lastIndexOf('#')) === erasure.session_id)
      this.#erased.delete(erasure.order_id)
      this.#erased.set(erasure.order_id, known + own.length)
    }
    while (this.#erased.size > rememberedMax) this.#erased.delete(this.#erased.keys().next().value as string)
  }

  /** The log is away, or a schema cannot be told now. */
  async #tryLater(error: unknown): Promise<void> {
    this.#asked = [...(this.#current?.asked ?? []), ...this.#asked]
    this.#current = null
    this.#options.say(`An erasure could not be carried out in the session index yet: ${messageOf(error)}`)
    await sleep(this.#options.retryMs ?? retryMsDefault, undefined, { ref: false })
  }
}
