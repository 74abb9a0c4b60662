import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { stop } from '../errors.ts'

/**
 * A month of a shop's traffic, always the same lines: 200,000 users, 100,000 items, a million events in order of time.
 *
 * Sessions start by a Poisson process with a daily rhythm and interleave. Each has one user (Zipf, mild), a geometric
 * number of events (mean 6) and log-normal pauses. Items are Zipf-popular, mostly inside the group of 250 the session
 * is about, and 22 % of later views come back to an item of the session.
 */
const eventCount = 1_000_000
const linesSha256 = '2778c8e71d2e84ba5aad2bfa2e1b641216850ce4fd61c7db153f47afe221759a'

const itemCount = 100_000
const userCount = 200_000
const groupSize = 250
const groupCount = itemCount / groupSize
const startMs = Date.UTC(2025, 7, 1)
const dayMs = 86_400_000
const spanMs = 30 * dayMs
const eventsPerSession = 6
const pauseMs = 35_000
const linesPerPiece = 1_000

/** Path of the file in the folder for temporary files; made on the first call. */
export async function eventsFile(): Promise<{ path: string; count: number }> {
  const path = join(tmpdir(), `millrace-events-${eventCount}.jsonl`)
  if (existsSync(path) && (await sha256Of(path)) === linesSha256) return { path, count: eventCount }
  const draft = `${path}.${process.pid}`
  await pipeline(Readable.from(pieces(eventCount)), createWriteStream(draft))
  const found = await sha256Of(draft)
  if (found !== linesSha256) {
    throw stop('bench_events_differ', `The events have the SHA-256 ${found}, not ${linesSha256}: no figure compares.`)
  }
  renameSync(draft, path)
  return { path, count: eventCount }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece)
  return hash.digest('hex')
}

function* pieces(count: number): Iterable<string> {
  let piece = ''
  let lines = 0
  for (const line of events(count)) {
    piece += line
    if (++lines % linesPerPiece > 0) continue
    yield piece
    piece = ''
  }
  if (piece !== '') yield piece
}

interface Session {
  id: number
  user: number
  group: number
  /** Time of its next event. */
  at: number
  left: number
  seen: number[]
}

function* events(count: number): Iterable<string> {
  const random = randomNumbers(1)
  const shop = new Shop(random)
  const waiting = new SessionQueue()
  const meanGapMs = (spanMs * eventsPerSession) / count
  let nextStart = startMs
  for (let id = 0, written = 0; written < count; written++) {
    while (waiting.size === 0 || nextStart <= waiting.first.at) {
      waiting.add(shop.visit(id++, nextStart))
      const rhythm = 1 + 0.5 * Math.sin(2 * Math.PI * ((nextStart % dayMs) / dayMs - 0.3))
      nextStart += (-Math.log(random.uniform()) * meanGapMs) / rhythm
    }
    const session = waiting.take()
    yield shop.event(session)
    if (--session.left === 0) continue
    session.at += pauseMs * Math.exp(1.1 * random.gaussian())
    waiting.add(session)
  }
}

class Shop {
  readonly #random: RandomNumbers
  readonly #item: () => number
  readonly #itemOfGroup: () => number
  readonly #user: () => number

  constructor(random: RandomNumbers) {
    this.#random = random
    this.#item = zipf(random, itemCount, 1)
    this.#itemOfGroup = zipf(random, groupSize, 0.9)
    this.#user = zipf(random, userCount, 0.6)
  }

  visit(id: number, at: number): Session {
    const user = spread(this.#user(), userCount)
    const left = 1 + Math.floor(Math.log(this.#random.uniform()) / Math.log(1 - 1 / eventsPerSession))
    return { id, user, at, left, group: this.#item() % groupCount, seen: [] }
  }

  event(session: Session): string {
    const type = this.#type()
    const item = this.#next(session, type)
    const { id, user, at } = session
    return (
      `{"event_id":"${this.#random.uuid()}","user_id":"u_${user}","session_id":"s_${id}","event_type":"${type}",` +
      `"product_id":"sku_${spread(item, itemCount)}","ts":"${new Date(at).toISOString()}"}\n`
    )
  }

  #type(): string {
    const dice = this.#random.uniform()
    if (dice < 0.8) return 'view'
    if (dice < 0.92) return 'click'
    return dice < 0.97 ? 'add_to_cart' : 'purchase'
  }

  /** What goes into a cart was nearly always looked at before. */
  #next({ seen, group }: Session, type: string): number {
    const { uniform } = this.#random
    const comesBack = type === 'view' || type === 'click' ? 0.22 : 0.9
    if (uniform() < (seen.length === 0 ? 0 : comesBack))
      return seen[seen.length - 1 - Math.floor(uniform() * uniform() * seen.length)]
    const isInGroup = uniform() < 0.7
    const item = isInGroup ? Math.min(this.#itemOfGroup() * groupCount + group, itemCount - 1) : this.#item()
    seen.push(item)
    return item
  }
}

/** Spreads ranks over ids, so that neighbours in popularity are not neighbours in id. */
const spread = (rank: number, count: number) => (rank * 2654435761) % count

/** Rank 0 … count − 1 with probability proportional to 1 / (rank + 1)^exponent. */
function zipf({ uniform }: RandomNumbers, count: number, exponent: number): () => number {
  const sums = new Float64Array(count)
  let total = 0
  for (let rank = 0; rank < count; rank++) {
    total += (rank + 1) ** -exponent
    sums[rank] = total
  }
  return () => {
    const target = uniform() * total
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle] < target) low = middle + 1
      else high = middle
    }
    return low
  }
}

type RandomNumbers = ReturnType<typeof randomNumbers>

/** xoshiro128** (Blackman and Vigna, https://prng.di.unimi.it), its state filled by splitmix32. */
function randomNumbers(seed: number) {
  let mixed = seed >>> 0
  const seeded = () => {
    mixed = (mixed + 0x9e3779b9) >>> 0
    let z = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
    return (z ^ (z >>> 16)) >>> 0
  }
  let [a, b, c, d] = [seeded(), seeded(), seeded(), seeded()]
  const rotated = (x: number, by: number) => (x << by) | (x >>> (32 - by))
  const next = () => {
    const result = Math.imul(rotated(Math.imul(b, 5), 7), 9) >>> 0
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotated(d, 11)
    return result
  }
  const hex = () => next().toString(16).padStart(8, '0')
  const uniform = () => (next() + 0.5) / 2 ** 32
  return {
    uniform,
    gaussian: () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
    uuid: () => {
      const [p, q, r, s] = [hex(), hex(), hex(), hex()]
      return `${p}-${q.slice(0, 4)}-4${q.slice(5)}-a${r.slice(1, 4)}-${r.slice(4)}${s}`
    }
  }
}

/** Sessions by the time of their next event, of equal times by id: a binary heap. */
class SessionQueue {
  readonly #heap: Session[] = []

  get size(): number {
    return this.#heap.length
  }

  get first(): Session {
    return this.#heap[0]
  }

  add(session: Session): void {
    const heap = this.#heap
    let hole = heap.length
    heap.push(session)
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      if (!isBefore(session, heap[parent])) break
      heap[hole] = heap[parent]
      hole = parent
    }
    heap[hole] = session
  }

  take(): Session {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop() as Session
    if (heap.length === 0) return first
    let hole = 0
    for (;;) {
      let child = 2 * hole + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++
      if (!isBefore(heap[child], last)) break
      heap[hole] = heap[child]
      hole = child
    }
    heap[hole] = last
    return first
  }
}

const isBefore = (a: Session, b: Session) => a.at < b.at || (a.at === b.at && a.id < b.id)
