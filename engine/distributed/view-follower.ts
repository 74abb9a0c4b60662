import type { StreamCluster, TaskReader } from '../ports/cluster.ts'
import type { NameIds } from '../stores/name-ids.ts'
import type { StateStore, WriteBatch } from '../stores/state-store.ts'
import { type ViewChange, viewRowKey } from '../task/views.ts'
import { positionAgeMaxMs } from './restore.ts'

export interface FollowedView {
  name: string
  log: string
  partitions: number
}

export interface ViewFollowerOptions {
  views: readonly FollowedView[]
  cluster: Pick<StreamCluster, 'offsets' | 'topicId'>
  /** Committed-only. */
  reader: TaskReader
  store: StateStore
  ids: NameIds
  now: () => number
}

/** Some of what has arrived, written: the last value per key, and where the places now stand. */
export interface FollowedPart {
  changes: ViewChange[]
  positions: [place: number, offset: number][]
}

interface Place {
  view: FollowedView
  /** Of the view in row keys. */
  id: number
  topic: string
  topicId: string
  partition: number
  position: number
  /** As of the start: there it is caught up. */
  end: number
  currentAt: number
}

const readBytes = 256 * 1024

/**
 * Keeps the rows of views as their topics say, all partitions, in the store of a process that only answers. Rows and the
 * position behind them are written in one batch, so that a kill costs reading a few records again.
 */
export class ViewFollower {
  readonly #options: ViewFollowerOptions
  #places: Place[] = []
  /** Records read since it was opened. */
  read = 0

  constructor(options: ViewFollowerOptions) {
    this.#options = options
  }

  /** In the order of `places`: by view as given, then by partition. */
  get positions(): number[] {
    return this.#places.map(({ position }) => position)
  }

  /** Records at most between here and what there was at the start. */
  get left(): number {
    return this.#places.reduce((sum, { position, end }) => sum + Math.max(0, end - position), 0)
  }

  /** Records at most that are there and not yet written. */
  get lag(): number {
    return this.#places.reduce((sum, place) => sum + this.#lagOf(place), 0)
  }

  /** Everything that is there is written, as far as the log can be asked. */
  get isCurrent(): boolean {
    return this.#places.every(place => this.#isCurrent(place))
  }

  /** When the place that is behind longest was last seen at its end; ms of `now`. */
  get currentAt(): number {
    const now = this.#options.now()
    for (const place of this.#places) if (this.#isCurrent(place)) place.currentAt = now
    return Math.min(...this.#places.map(({ currentAt }) => currentAt))
  }

  /** Goes on from the stored positions; a view whose topic is another one, or that was left too long, is read anew. */
  async open(): Promise<void> {
    const { views, cluster, ids, reader } = this.#options
    for (const view of views) {
      const id = ids.idOf('view', view.name)
      const topicId = await cluster.topicId(view.log)
      const partitions = Array.from({ length: view.partitions }, (_, partition) => ({ topic: view.log, partition }))
      const starts = (await cluster.offsets(partitions, 'earliest')).get(view.log)
      const ends = (await cluster.offsets(partitions, 'lastStable')).get(view.log)
      const places = partitions.map(({ topic, partition }): Place => {
        const position = starts?.get(partition) ?? 0
        return { view, id, topic, topicId, partition, position, end: ends?.get(partition) ?? 0, currentAt: 0 }
      })
      this.#goOn(places)
      this.#places.push(...places)
    }
    for (const { topic, partition, position } of this.#places) reader.seek(topic, partition, position)
  }

  /** Writes what has arrived, at most about `bytesMax` of it; null when nothing has. */
  apply(bytesMax: number): FollowedPart | null {
    const { reader, store } = this.#options
    const rows = store.batch()
    const changed = new Map<string, ViewChange>()
    const positions: FollowedPart['positions'] = []
    this.#places.forEach((place, at) => {
      if (rows.bytes >= bytesMax) return
      const batch = reader.read(place.topic, place.partition, readBytes)
      if (!batch) return
      for (let i = 0; i < batch.count; i++)
        this.#put(place, { key: batch.key(i), value: batch.value(i) }, rows, changed)
      this.read += batch.count
      place.position = batch.nextOffset
      const stored: StoredPosition = { offset: place.position, topicId: place.topicId, at: this.#options.now() }
      rows.put('views', positionKey(place), Buffer.from(JSON.stringify(stored)))
      positions.push([at, place.position])
    })
    if (positions.length === 0) return null
    store.write(rows)
    return { changes: [...changed.values()], positions }
  }

  #put(
    { view, id }: Place,
    { key, value }: { key: string; value: Buffer | null },
    rows: WriteBatch,
    changed: Map<string, ViewChange>
  ): void {
    const rowKey = viewRowKey(id, key)
    if (value === null) rows.delete('views', rowKey)
    else rows.put('views', rowKey, value)
    changed.set(`${id} ${key}`, { view: view.name, key, value })
  }

  #lagOf({ topic, partition, position }: Place): number {
    const state = this.#options.reader.state(topic, partition)
    // Before the first answer of the broker nobody knows.
    if (!state || state.lastStableOffset < 0) return 1
    return Math.max(0, state.lastStableOffset - position)
  }

  #isCurrent(place: Place): boolean {
    const state = this.#options.reader.state(place.topic, place.partition)
    return this.#lagOf(place) === 0 && state?.problem === undefined
  }

  /** From the stored positions, all of a view or nothing: a row does not say which partition it came from. */
  #goOn(places: readonly Place[]): void {
    const { store, now } = this.#options
    const stored = store.getMany('views', places.map(positionKey)).map(parsed)
    const isGood = places.every(({ topicId, end }, i) => {
      const one = stored[i]
      if (!one) return true
      const hasMissedNothing = one.offset === end || now() - one.at < positionAgeMaxMs
      return one.topicId === topicId && one.offset <= end && hasMissedNothing
    })
    if (isGood) {
      places.forEach((place, i) => {
        place.position = Math.max(place.position, stored[i]?.offset ?? 0)
      })
      return
    }
    const [{ id }] = places
    const positions = store.batch()
    for (const place of places) positions.delete('views', positionKey(place))
    store.write(positions)
    store.clear('views', { gte: viewRowKey(id, ''), lt: viewRowKey(id + 1, '') })
  }
}

/** Kept among the rows of views, before the first of them. */
interface StoredPosition {
  offset: number
  topicId: string
  /** Wall time; older than half of `delete.retention.ms`, deletions may have been missed. */
  at: number
}

const positionMark = Buffer.of(0, 0, 118)

function positionKey({ topic, partition }: Pick<Place, 'topic' | 'partition'>): Buffer {
  return Buffer.concat([positionMark, Buffer.of(partition >> 8, partition & 255), Buffer.from(topic)])
}

const parsed = (bytes: Buffer | undefined) => (bytes ? (JSON.parse(bytes.toString()) as StoredPosition) : null)
