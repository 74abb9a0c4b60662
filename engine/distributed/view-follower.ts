import type { StreamCluster, TaskReader } from '../ports/cluster.ts'
import type { NameIds } from '../stores/name-ids.ts'
import type { StateStore, WriteBatch } from '../stores/state-store.ts'
import { type ViewChange, viewRowKey } from '../task/views.ts'
import { type Changelog, positionKey } from './changelogs.ts'
import { positionAgeMaxMs, putPosition, readPosition } from './restore.ts'

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
  changelog: Changelog
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

  /** When the place that is behind longest was last seen at its end; ms of `now`. */
  get currentAt(): number {
    const now = this.#options.now()
    for (const place of this.#places) if (this.#lagOf(place) === 0) place.currentAt = now
    return Math.min(...this.#places.map(({ currentAt }) => currentAt))
  }

  /** Goes on from the stored positions; a view whose topic is another one, or that was left too long, is read anew. */
  async open(): Promise<void> {
    const { views, cluster, ids, reader } = this.#options
    for (const view of views) {
      const id = ids.idOf('view', view.name)
      const topicId = await cluster.topicId(view.log)
      const changelogs = Array.from({ length: view.partitions }, (_, partition) => changelogOf(view, id, partition))
      for (const changelog of changelogs) changelog.topicId = topicId
      const starts = (await cluster.offsets(changelogs, 'earliest')).get(view.log)
      const ends = (await cluster.offsets(changelogs, 'lastStable')).get(view.log)
      const at = (offsets: ReadonlyMap<number, number> | undefined) => changelogs.map((_, i) => offsets?.get(i) ?? 0)
      const stored = this.#storedPositions(changelogs, at(ends))
      changelogs.forEach((changelog, i) => {
        const position = Math.max(at(starts)[i], stored[i])
        this.#places.push({ view, changelog, position, end: at(ends)[i], currentAt: 0 })
      })
    }
    for (const { changelog, position } of this.#places) reader.seek(changelog.topic, changelog.partition, position)
  }

  /** Writes what has arrived, at most about `bytesMax` of it; null when nothing has. */
  apply(bytesMax: number): FollowedPart | null {
    const { reader, store } = this.#options
    const rows = store.batch()
    const changed = new Map<string, ViewChange>()
    const positions: FollowedPart['positions'] = []
    this.#places.forEach((place, at) => {
      if (rows.bytes >= bytesMax) return
      const { topic, partition } = place.changelog
      const batch = reader.read(topic, partition, readBytes)
      if (!batch) return
      for (let i = 0; i < batch.count; i++)
        this.#put(place, { key: batch.key(i), value: batch.value(i) }, rows, changed)
      place.position = batch.nextOffset
      const topicId = place.changelog.topicId ?? ''
      putPosition(rows, place.changelog, { offset: place.position, topicId, at: this.#options.now() })
      positions.push([at, place.position])
    })
    if (positions.length === 0) return null
    store.write(rows)
    return { changes: [...changed.values()], positions }
  }

  #put(
    { view, changelog }: Place,
    { key, value }: { key: string; value: Buffer | null },
    rows: WriteBatch,
    changed: Map<string, ViewChange>
  ): void {
    const rowKey = viewRowKey(changelog.id, key)
    if (value === null) rows.delete('views', rowKey)
    else rows.put('views', rowKey, value)
    changed.set(`${changelog.id} ${key}`, { view: view.name, key, value })
  }

  #lagOf({ changelog: { topic, partition }, position }: Place): number {
    const state = this.#options.reader.state(topic, partition)
    // Before the first answer of the broker nobody knows.
    if (!state || state.lastStableOffset < 0) return 1
    return Math.max(0, state.lastStableOffset - position)
  }

  /** All of a view or nothing: a row does not say which partition it came from. */
  #storedPositions(changelogs: readonly Changelog[], ends: readonly number[]): number[] {
    const { store, now } = this.#options
    const stored = changelogs.map(changelog => readPosition(store, changelog))
    const isGood = stored.every((one, i) => {
      if (one === null) return true
      const hasMissedNothing = one.offset === ends[i] || now() - one.at < positionAgeMaxMs
      return one.topicId === changelogs[i].topicId && one.offset <= ends[i] && hasMissedNothing
    })
    if (isGood) return stored.map(one => one?.offset ?? 0)
    const [{ id }] = changelogs
    const positions = store.batch()
    for (const changelog of changelogs) positions.delete('views', positionKey(changelog))
    store.write(positions)
    store.clear('views', { gte: viewRowKey(id, ''), lt: viewRowKey(id + 1, '') })
    return changelogs.map(() => 0)
  }
}

function changelogOf({ log }: FollowedView, id: number, partition: number): Changelog {
  return { topic: log, partition, column: 'views', id, rowKey: key => viewRowKey(id, key.toString()) }
}
