import { ByteWriter } from '../../engine/bytes.ts'
import { MillraceError } from '../../engine/errors.ts'
import type { NewRecord } from '../../engine/log/log.ts'
import { type ChangedRow, packRecords } from '../../engine/ports/packed-records.ts'
import type { StreamCounts, StreamEvent, StreamRequest } from '../../engine/ports/stream-messages.ts'
import type { Headers } from '../../engine/record.ts'
import { SlicedChanges } from '../views/sliced-changes.ts'

/** A thread to talk to: a worker, or one end of a message channel. */
export interface Peer {
  postMessage(message: unknown, transfer?: ArrayBuffer[]): void
  on(event: 'message', listener: (message: any) => void): unknown
}

export interface AppendSettings {
  headers?: Headers
  partition?: number
  producer?: { name: string; to: string }
  paced?: boolean
}

interface Waiting {
  resolve: (commit: number) => void
  reject: (error: unknown) => void
  bytes: number
}

interface Batch {
  records: NewRecord[]
  waiting: Waiting[]
}

/** Sent to the stream thread and not yet durable; beyond it, callers are told to come back later. */
const inFlightBytesMax = 16 << 20

type WithoutId<T> = T extends { id: number } ? Omit<T, 'id'> : never

/** The stream thread as other threads see it: appends in, commits out. */
export class StreamClient {
  #peer: Peer
  /** Requests made while one thread is replaced by the next. */
  #held: (() => void)[] | null = null
  readonly #waiting = new Map<number, Waiting>()
  readonly #batches = new Map<string, Batch>()
  readonly #packer = new ByteWriter(1 << 14)
  #nextId = 1
  #inFlightBytes = 0
  readonly #changes = new SlicedChanges<StreamEvent & { type: 'committed' }>({
    rows: rows => this.onChanges(rows),
    applied: event => this.#applied(event)
  })
  /** Writes up to this one are durable. */
  lastCommit = 0
  /** Called with changed rows, in commit order, a few at a time: ≤ 2 ms of the caller's thread in one turn. */
  onChanges: (rows: readonly ChangedRow[]) => void = () => {}
  /** Called once all rows of a commit have been handed to `onChanges`. */
  onCommitted: (news: { commit: number; fresh: number; tookMs: number }) => void = () => {}
  /** The last counts the thread has told. */
  counts: StreamCounts | null = null
  onCounts: (counts: StreamCounts) => void = () => {}
  onFatal: (error: MillraceError) => void = () => {}
  onStarted: (commit: number) => void = () => {}

  constructor(peer: Peer) {
    this.#peer = peer
    this.#listen(peer)
  }

  /** Everything asked from now on waits for the next thread. */
  hold(): void {
    this.#held ??= []
  }

  /** Goes on with another thread. */
  attach(peer: Peer): void {
    this.#peer = peer
    this.#listen(peer)
    const held = this.#held ?? []
    this.#held = null
    for (const send of held) send()
  }

  #listen(peer: Peer): void {
    peer.on('message', (event: StreamEvent) => {
      if (peer === this.#peer) this.#receive(event)
    })
  }

  /**
   * Durable when kept; the answer is the number of the write. Records of one turn of the event loop for one topic travel
   * together. Rejects with `overloaded` when too much is on its way.
   */
  append(topic: string, records: readonly NewRecord[]): Promise<number> {
    const bytes = records.reduce((sum, { key, value }) => sum + 32 + (key?.length ?? 0) + (value?.length ?? 0), 0)
    if (this.#inFlightBytes + bytes > inFlightBytesMax) return Promise.reject(overloaded())
    this.#inFlightBytes += bytes
    let batch = this.#batches.get(topic)
    if (!batch) {
      batch = { records: [], waiting: [] }
      this.#batches.set(topic, batch)
      if (this.#batches.size === 1) setImmediate(() => this.#sendBatches())
    }
    for (const record of records) batch.records.push(record)
    const { waiting } = batch
    return new Promise((resolve, reject) => waiting.push({ resolve, reject, bytes }))
  }

  /** A batch of its own, with settings of its own. */
  appendAs(topic: string, records: readonly NewRecord[], settings: AppendSettings): Promise<number> {
    return this.#request({ type: 'append', topic, records: packRecords(records, this.#packer), ...settings })
  }

  endHistory(name: string): Promise<number> {
    return this.#request({ type: 'end-history', name })
  }

  flush(): Promise<number> {
    return this.#request({ type: 'flush' })
  }

  /** Also while requests are held: it is the last one of its thread. */
  stop(): Promise<number> {
    return this.#send({ type: 'stop' })
  }

  /** The thread is gone: nobody waits for it any longer. */
  failAll(error: unknown): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error)
    this.#waiting.clear()
  }

  #sendBatches(): void {
    for (const [topic, { records, waiting }] of this.#batches) {
      this.#request({ type: 'append', topic, records: packRecords(records, this.#packer) }).then(
        commit => {
          for (const { resolve, bytes } of waiting) {
            this.#inFlightBytes -= bytes
            resolve(commit)
          }
        },
        error => {
          for (const { reject, bytes } of waiting) {
            this.#inFlightBytes -= bytes
            reject(error)
          }
        }
      )
    }
    this.#batches.clear()
  }

  #request(request: WithoutId<StreamRequest>): Promise<number> {
    const held = this.#held
    if (!held) return this.#send(request)
    return new Promise((resolve, reject) => held.push(() => this.#send(request).then(resolve, reject)))
  }

  #send(request: WithoutId<StreamRequest>): Promise<number> {
    const id = this.#nextId++
    const transfer = request.type === 'append' ? [request.records.buffer] : []
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, bytes: 0 })
      this.#peer.postMessage({ ...request, id }, transfer)
    })
  }

  #receive(event: StreamEvent): void {
    switch (event.type) {
      case 'done':
        this.lastCommit = Math.max(this.lastCommit, event.commit)
        this.#take(event.id)?.resolve(event.commit)
        break
      case 'failed':
        this.#take(event.id)?.reject(new MillraceError(event.code, 'stop', event.message))
        break
      case 'committed':
        this.#changes.push(event)
        break
      case 'counts':
        this.counts = event.counts
        this.onCounts(event.counts)
        break
      case 'started':
        this.lastCommit = event.commit
        this.onStarted(event.commit)
        break
      case 'fatal':
        this.onFatal(new MillraceError(event.code, 'stop', event.message))
    }
  }

  /** Credits go back when a commit is applied whole. */
  #applied(event: StreamEvent & { type: 'committed' }): void {
    this.lastCommit = Math.max(this.lastCommit, event.commit)
    this.#peer.postMessage({ type: 'applied', bytes: event.changes.byteLength })
    this.onCommitted(event)
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    return waiting
  }
}

function overloaded(): MillraceError {
  return new MillraceError(
    'overloaded',
    'retry',
    'More is being written than the stream can take: send again in a second.'
  )
}
