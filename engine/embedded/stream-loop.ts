import type { Clock } from '../clock.ts'
import type { Committed } from '../commit.ts'
import { codeOf, messageOf, stop } from '../errors.ts'
import type { EmbeddedLog } from '../log/embedded-log.ts'
import { packChanges, unpackRecords } from '../ports/packed-records.ts'
import type { StreamEvent, StreamReply, StreamRequest } from '../ports/stream-messages.ts'
import { historyEndHeader, type Stream, ticks } from '../stream.ts'
import type { StreamCounter } from '../task/stream-counts.ts'
import { Visibility } from './visibility.ts'

export interface StreamLoopOptions {
  stream: Stream
  log: EmbeddedLog
  clock: Clock
  counter: Pick<StreamCounter, 'countsOf'>
  send: (event: StreamEvent, transfer?: ArrayBuffer[]) => void
  /** Processing yields to messages after so long. */
  sliceMs?: number
  tickIntervalMs?: number
  /** Paced appends are answered while fewer records than this wait to be processed. */
  lagMax?: number
}

interface Waiting {
  reply: (event: StreamReply) => void
  id: number
}

/** View changes that readers have not applied yet: more than this, and the loop waits for them. */
const unappliedBatchesMax = 2
const unappliedBytesMax = 4 << 20
const countsIntervalMs = 1_000
const maintenanceIntervalMs = 5_000
/** Upkeep that has more to do takes at most a sixth of the thread. */
const maintenancePauseMs = 40
const idleMs = 20

/**
 * The stream thread's life: append what others hand over, process, commit, tick, keep the log in order. Everything that
 * writes happens here, one thing after the other.
 */
export class StreamLoop {
  readonly #stream: Stream
  readonly #log: EmbeddedLog
  readonly #clock: Clock
  readonly #counter: StreamLoopOptions['counter']
  readonly #send: StreamLoopOptions['send']
  readonly #sliceMs: number
  readonly #tickIntervalMs: number
  readonly #lagMax: number
  readonly #visibility: Visibility
  /** Kept, because a new one per message would be most of what this thread allocates; grows to the largest commit. */
  #unapplied: number[] = []
  #paced: Waiting[] = []
  #flushes: Waiting[] = []
  #historyEnds: (Waiting & { name: string })[] = []
  #stopping: Waiting | null = null
  #hasDied = false
  #wake: (() => void) | null = null
  #nextTick = 0
  #nextCounts = 0
  #nextMaintenance = 0

  constructor(options: StreamLoopOptions) {
    const { stream, log, clock, counter, send, sliceMs = 8, tickIntervalMs = 10_000, lagMax = 8_192 } = options
    this.#stream = stream
    this.#log = log
    this.#clock = clock
    this.#counter = counter
    this.#send = send
    this.#sliceMs = sliceMs
    this.#tickIntervalMs = tickIntervalMs
    this.#lagMax = lagMax
    const endOf = ({ source, partition }: (typeof stream.merger.inputs)[number]) => log.endOffset(source.log, partition)
    this.#visibility = new Visibility(stream.plan, stream.merger.inputs, endOf, log.commit)
  }

  /** To be called for each message; `reply` answers its sender. */
  handle(request: StreamRequest, reply: (event: StreamReply) => void): void {
    try {
      if (this.#hasDied)
        throw stop('stream_stopped', 'The stream has stopped after an error: see the log, mend it, start again.')
      this.#handle(request, reply)
    } catch (error) {
      if ('id' in request) reply({ type: 'failed', id: request.id, code: codeOf(error), message: messageOf(error) })
      if (codeOf(error) === 'disk_full' || codeOf(error) === 'store_failed') this.#die(error)
    }
    this.#wake?.()
  }

  /** Runs until asked to stop, or until an error that only a human can mend. */
  async run(): Promise<void> {
    this.#send({ type: 'started', commit: this.#log.commit })
    try {
      while (!this.#stopping) {
        const isBusy = this.#slice()
        await (isBusy ? immediate() : this.#sleep())
      }
      if (this.#hasDied) return
      this.#stream.flush()
      this.#stopping.reply({ type: 'done', id: this.#stopping.id, commit: this.#log.commit })
    } catch (error) {
      this.#die(error)
    }
  }

  /** One turn; returns whether there is more to do at once. */
  #slice(): boolean {
    const now = this.#clock.monotonic()
    if (now >= this.#nextTick) this.#tick(now)
    const isBlocked = this.#isBlocked
    const hasMore = isBlocked ? false : this.#stream.runSlice(now + this.#sliceMs)
    if (!isBlocked && !hasMore) this.#stream.commitIfDue()
    this.#afterSlice(hasMore)
    if (this.#clock.monotonic() >= this.#nextCounts) this.#reportCounts()
    this.#maintain()
    return hasMore && !this.#isBlocked
  }

  /**
   * A history ends for everybody when all that came of it has been processed, on every topic on the way; what still came
   * after its end would count as running history again.
   */
  #endHistories(): void {
    this.#stream.flush({ drain: true })
    for (const { reply, id, name } of this.#historyEnds.splice(0)) {
      this.#appendTicks({ [historyEndHeader]: name })
      reply({ type: 'done', id, commit: this.#log.commit })
    }
  }

  #afterSlice(hasMore: boolean): void {
    if (this.#historyEnds.length > 0 && !hasMore && !this.#isBlocked) this.#endHistories()
    if (!this.#stream.isUnitOpen && this.#visibility.progressed()) this.#publishFresh()
    if (this.#paced.length > 0 && this.#stream.lag < this.#lagMax) this.#answer(this.#paced)
    if (this.#flushes.length > 0 && !hasMore && !this.#isBlocked) {
      this.#stream.flush({ drain: true })
      this.#answer(this.#flushes)
    }
  }

  /** Called by the stream with every unit it has committed. */
  committed({ commit, changes }: Committed, tookMs: number): void {
    this.#visibility.progressed()
    const packed = packChanges(changes)
    this.#unapplied.push(packed.byteLength)
    this.#send({ type: 'committed', commit, fresh: this.#visibility.fresh, changes: packed, tookMs }, [packed.buffer])
  }

  get #isBlocked(): boolean {
    const bytes = this.#unapplied.reduce((sum, each) => sum + each, 0)
    return this.#unapplied.length >= unappliedBatchesMax || bytes >= unappliedBytesMax
  }

  #publishFresh(): void {
    const changes = packChanges([])
    this.#unapplied.push(changes.byteLength)
    const { fresh } = this.#visibility
    this.#send({ type: 'committed', commit: this.#log.commit, fresh, changes, tookMs: 0 }, [changes.buffer])
  }

  #handle(request: StreamRequest, reply: (event: StreamReply) => void): void {
    switch (request.type) {
      case 'append':
        this.#append(request, reply)
        break
      case 'end-history':
        this.#historyEnds.push({ reply, id: request.id, name: request.name })
        break
      case 'flush':
        this.#flushes.push({ reply, id: request.id })
        break
      case 'stop':
        this.#stopping = { reply, id: request.id }
        break
      case 'applied':
        this.#unapplied.shift()
    }
  }

  #append(request: StreamRequest & { type: 'append' }, reply: (event: StreamReply) => void): void {
    const { id, topic, records, headers, partition, producer, paced } = request
    const { commit } = this.#log.append(topic, unpackRecords(records, headers), { partition, producer })
    this.#visibility.appended(commit)
    if (paced && this.#stream.lag >= this.#lagMax) this.#paced.push({ reply, id })
    else reply({ type: 'done', id, commit })
  }

  #tick(now: number): void {
    this.#nextTick = now + this.#tickIntervalMs
    this.#appendTicks()
  }

  #appendTicks(headers?: Record<string, string>): void {
    const timestamp = this.#clock.now()
    const { partitions } = this.#log.topics().find(({ name }) => name === ticks) as { partitions: number }
    for (let partition = 0; partition < partitions; partition++) {
      this.#log.append(ticks, [{ key: null, value: null, timestamp, headers }], { partition })
    }
    this.#visibility.appended(this.#log.commit)
  }

  /** Between units: an idle last commit still reaches the disk in time, and the log is kept in order bit by bit. */
  #maintain(): void {
    if (this.#stream.isUnitOpen) return
    this.#log.syncIfDue()
    const now = this.#clock.monotonic()
    if (now < this.#nextMaintenance) return
    const hasMore = this.#log.maintain(this.#clock.now(), this.#sliceMs)
    this.#nextMaintenance = this.#clock.monotonic() + (hasMore ? maintenancePauseMs : maintenanceIntervalMs)
  }

  #answer(waiting: Waiting[]): void {
    for (const { reply, id } of waiting.splice(0)) reply({ type: 'done', id, commit: this.#log.commit })
  }

  #reportCounts(): void {
    this.#nextCounts = this.#clock.monotonic() + countsIntervalMs
    this.#send({ type: 'counts', counts: this.#counter.countsOf(this.#stream) })
  }

  /** Until a message comes, or something is due. */
  #sleep(): Promise<void> {
    const ms = this.#stream.isUnitOpen ? 1 : idleMs
    return new Promise(resolve => {
      const wake = () => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      this.#wake = wake
    })
  }

  #die(error: unknown): void {
    if (this.#hasDied) return
    this.#hasDied = true
    this.#send({ type: 'fatal', code: codeOf(error), message: messageOf(error) })
    this.#stopping ??= { reply: () => {}, id: 0 }
  }
}

const immediate = () => new Promise<void>(resolve => setImmediate(resolve))
