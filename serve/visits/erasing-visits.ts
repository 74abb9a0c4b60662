import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../engine/errors.ts'
import type { RecordBatch } from '../../engine/log/log.ts'
import { VisitErasure } from '../../recommend/visit-erasure.ts'
import type { VisitIndex } from '../../recommend/visit-index.ts'
import { isErasure, type SessionErasure, type SessionStep } from '../../schemas/session-step.ts'
import { decodedStep } from './step-tail.ts'
import type { IndexFeed } from './visit-snapshots.ts'

/** `session-steps` once more from its start, at least up to an offset; the thread is free between two parts. */
export type RereadSteps = (to: () => number) => AsyncIterable<RecordBatch>

interface Reading<T> {
  erasure: VisitErasure
  /** Up to which offset, and not beyond; it may move on meanwhile. */
  end: () => number
  take: (step: SessionStep, offset: number) => void
  /** What is done there, with nothing in between. */
  last: () => Generator<void, T, void>
}

interface Asked {
  erasure: SessionErasure
  offset: number
}

export interface ErasingVisitsOptions {
  visits: VisitIndex
  reread: RereadSteps
  /** What feeds the index; before `position` it has taken whatever can be read. */
  tail: IndexFeed & { readonly position: number }
  /** Visits are out of the index: a snapshot may be written again, and one that has them may not stay. */
  onErased: () => Promise<void>
  say: (line: string) => void
  /** After an attempt that failed. */
  retryMs?: number
}

const closed = Symbol('closed')
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
  readonly #closed = Promise.withResolvers<void>()

  constructor(options: ErasingVisitsOptions) {
    this.#options = options
  }

  get isErasing(): boolean {
    return this.#asked.length > 0 || (this.#current !== null && !this.#current.isOut)
  }

  /** Whatever was to be forgotten before this offset of the topic is out of the index, and of its snapshot. */
  get forgottenTo(): number {
    const [first] = this.#current?.asked ?? this.#asked
    return first?.offset ?? this.#options.tail.position
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
    this.#closed.resolve()
    await this.#running
  }

  async #erase(current: { asked: readonly Asked[]; isOut: boolean }): Promise<void> {
    const { visits, onErased } = this.#options
    const { asked } = current
    const erasure = new VisitErasure(visits.feed, asked, this.#unfinished)
    const last = asked[asked.length - 1].offset
    const gone = await this.#read({
      erasure,
      end: () => last,
      take: (step, offset) => erasure.find(step, offset),
      last: () => erasure.erase()
    })
    if (gone === closed) return
    this.#remember(asked, gone)
    const rebuilding = {
      erasure,
      end: () => visits.nextOffset,
      take: (step: SessionStep, offset: number) => erasure.rebuild(step, offset),
      last: () => erasure.finish()
    }
    const rebuilt = await (erasure.isUnfinished ? this.#read(rebuilding) : this.#inTurns(erasure.finish()))
    if (rebuilt === closed) return
    current.isOut = true
    await onErased()
    this.#current = null
  }

  /** Every step before `end`, and then what `last` returns; or that this was closed before. */
  async #read<T>({ erasure, end, take, last }: Reading<T>): Promise<T | typeof closed> {
    let isBegun = false
    const ended = () => this.#inTurns(isBegun ? last() : withoutSteps(erasure.begin(end()), last()))
    for await (const batch of this.#options.reread(() => (this.#isClosed ? 0 : end()))) {
      if (this.#isClosed) return closed
      if (!isBegun && batch.count > 0) {
        await this.#inTurns(erasure.begin(batch.offset(0)))
        isBegun = true
      }
      for (let i = 0; i < batch.count && batch.offset(i) < end(); i++) {
        const step = decodedStep(batch.value(i))
        if (step && !isErasure(step)) take(step, batch.offset(i))
      }
      if (batch.nextOffset >= end()) return ended()
    }
    return this.#isClosed ? closed : ended()
  }

  /** With the index standing still. */
  async #inTurns<T>(work: Generator<void, T, void>): Promise<T> {
    const { tail } = this.#options
    tail.hold()
    try {
      let turn = work.next()
      for (; !turn.done; turn = work.next()) await nextTurn()
      return turn.value
    } finally {
      tail.release()
    }
  }

  #remember(asked: readonly Asked[], gone: ReadonlyMap<string, readonly string[]>): void {
    for (const { erasure } of asked) {
      const known = this.#erased.get(erasure.order_id) ?? 0
      this.#erased.delete(erasure.order_id)
      this.#erased.set(erasure.order_id, known + (gone.get(erasure.session_id)?.length ?? 0))
    }
    while (this.#erased.size > rememberedMax) this.#erased.delete(this.#erased.keys().next().value as string)
  }

  /** The log is away, or a schema cannot be told now. */
  async #tryLater(error: unknown): Promise<void> {
    this.#asked = [...(this.#current?.asked ?? []), ...this.#asked]
    this.#current = null
    this.#options.say(`An erasure could not be carried out in the session index yet: ${messageOf(error)}`)
    const pause = sleep(this.#options.retryMs ?? retryMsDefault, undefined, { ref: false })
    await Promise.race([pause, this.#closed.promise])
  }
}

/** Where the topic has nothing left of what was read. */
function* withoutSteps<T>(
  begin: Generator<void, void, void>,
  last: Generator<void, T, void>
): Generator<void, T, void> {
  yield* begin
  return yield* last
}
