import { ByteReader, ByteWriter } from '../bytes.ts'
import type { StoreReader, WriteBatch } from '../stores/state-store.ts'

/** `kind` 0 is a processor's own timer, n ≥ 1 the expiry of the step's n-th state. */
export interface Timer {
  time: number
  kind: number
  key: string
}

const timersPerRead = 1_000
const timersInMemoryMax = 50_000
const marker = Buffer.of(1)
const keyWriter = new ByteWriter(256)

/**
 * The timers of one step in one partition, fired in (time, key) order. They are stored rows; only the next ones are held
 * in memory, at most 50,000 (what is later is read again when its time comes near).
 */
export class TimerQueue {
  readonly #store: StoreReader
  readonly #storeId: number
  readonly #partition: number
  #heap: Timer[] = []
  #queued = new Set<string>()
  /** Stored timers up to this time are in the heap. */
  #readUntil = Number.NEGATIVE_INFINITY
  #added = new Map<string, Timer>()
  #removed = new Map<string, Timer>()

  constructor(store: StoreReader, storeId: number, partition: number) {
    this.#store = store
    this.#storeId = storeId
    this.#partition = partition
  }

  at(timer: Timer): void {
    const id = idOf(timer)
    if (this.#queued.has(id) || this.#added.has(id)) return
    if (!this.#removed.delete(id)) this.#added.set(id, timer)
    if (timer.time <= this.#readUntil) this.#push(timer, id)
  }

  /** The next timer that is due at `time`, if any. */
  due(time: number): Timer | undefined {
    if (this.#readUntil < time && (this.#heap.length === 0 || this.#heap[0].time > this.#readUntil)) this.#read(time)
    const next = this.#heap[0]
    return next && next.time <= time ? next : undefined
  }

  /** Takes the timer that `due` showed. */
  take(): Timer {
    const timer = popHeap(this.#heap)
    const id = idOf(timer)
    this.#queued.delete(id)
    if (!this.#added.delete(id)) this.#removed.set(id, timer)
    return timer
  }

  get isDirty(): boolean {
    return this.#added.size > 0 || this.#removed.size > 0
  }

  flush(batch: WriteBatch): void {
    for (const timer of this.#removed.values()) batch.delete('state', this.#rowKey(timer))
    for (const timer of this.#added.values()) batch.put('state', this.#rowKey(timer), marker)
  }

  settle(): void {
    this.#added.clear()
    this.#removed.clear()
    if (this.#heap.length > timersInMemoryMax) this.drop()
  }

  /** Back to what is stored. */
  drop(): void {
    this.#heap = []
    this.#queued.clear()
    this.#readUntil = Number.NEGATIVE_INFINITY
    this.#added.clear()
    this.#removed.clear()
  }

  #read(time: number): void {
    while (this.#readUntil < time && (this.#heap.length === 0 || this.#heap[0].time > this.#readUntil)) {
      const rows = this.#store.range('state', {
        gte: Buffer.from(this.#rowKey({ time: nextTime(this.#readUntil), kind: 0, key: '' })),
        lt: Buffer.from(
          keyWriter
            .reset()
            .u16(this.#storeId)
            .u16(this.#partition + 1)
            .view()
        ),
        limit: timersPerRead
      })
      const timers = rows.map(([key]) => readTimer(key))
      let until = Number.POSITIVE_INFINITY
      if (rows.length === timersPerRead) {
        // The last time may go on in the next read: it is left for that one, unless it fills the whole read.
        const last = timers[timers.length - 1].time
        until = timers[0].time === last ? last : last - 1
        if (timers[0].time === last) timers.push(...this.#rest(timers[timers.length - 1]))
      }
      for (const timer of timers)
        if (timer.time <= until && !this.#removed.has(idOf(timer))) this.#push(timer, idOf(timer))
      for (const [id, timer] of this.#added)
        if (timer.time > this.#readUntil && timer.time <= until) this.#push(timer, id)
      this.#readUntil = until
    }
  }

  /** Timers of the same millisecond behind `last`; a burst of them is read whole. */
  #rest(last: Timer): Timer[] {
    const timers: Timer[] = []
    let from = Buffer.concat([this.#rowKey(last), Buffer.of(0)])
    const end = Buffer.from(this.#rowKey({ time: last.time + 1, kind: 0, key: '' }))
    for (;;) {
      const rows = this.#store.range('state', { gte: from, lt: end, limit: timersPerRead })
      for (const [key] of rows) timers.push(readTimer(key))
      if (rows.length < timersPerRead) return timers
      from = Buffer.concat([rows[rows.length - 1][0], Buffer.of(0)])
    }
  }

  #push(timer: Timer, id: string): void {
    if (this.#queued.has(id)) return
    this.#queued.add(id)
    pushHeap(this.#heap, timer)
  }

  #rowKey(timer: Timer): Buffer {
    return keyWriter
      .reset()
      .u16(this.#storeId)
      .u16(this.#partition)
      .i64(timer.time)
      .u8(timer.kind)
      .text(timer.key)
      .view()
  }
}

const nextTime = (time: number) => (time === Number.NEGATIVE_INFINITY ? 0 : time + 1)
const idOf = (timer: Timer) => `${timer.time} ${timer.kind} ${timer.key}`

function readTimer(row: Buffer): Timer {
  const input = new ByteReader(row, 4)
  return { time: input.i64(), kind: input.u8(), key: input.text(input.end - input.position) }
}

function isBefore(a: Timer, b: Timer): boolean {
  if (a.time !== b.time) return a.time < b.time
  if (a.key !== b.key) return a.key < b.key
  return a.kind < b.kind
}

function pushHeap(heap: Timer[], timer: Timer): void {
  let i = heap.length
  heap.push(timer)
  while (i > 0) {
    const parent = (i - 1) >> 1
    if (!isBefore(timer, heap[parent])) break
    heap[i] = heap[parent]
    i = parent
  }
  heap[i] = timer
}

function popHeap(heap: Timer[]): Timer {
  const top = heap[0]
  const last = heap.pop() as Timer
  if (heap.length === 0) return top
  let i = 0
  for (;;) {
    let child = 2 * i + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++
    if (!isBefore(heap[child], last)) break
    heap[i] = heap[child]
    i = child
  }
  heap[i] = last
  return top
}
