import type { RecordBatch, TopicPartition } from '../log/log.ts'
import type { StreamCluster, TaskReader } from '../ports/cluster.ts'
import { deleteRetentionMs } from '../ports/delete-retention.ts'
import type { StateStore } from '../stores/state-store.ts'
import { type Changelog, type ChangelogPosition, positionKey } from './changelogs.ts'

export interface RestoreProgress {
  topic: string
  partition: number
  restored: number
  /** Records at most that are to come. */
  left: number
}

export interface RestoreOptions {
  cluster: StreamCluster
  reader: TaskReader
  store: StateStore
  now: () => number
  onProgress: (progress: RestoreProgress) => void
  /** False when the task went elsewhere meanwhile: not a row is written after that. Default: always. */
  isWanted?: (changelog: Changelog) => boolean
}

/** Beyond it a deletion may have been forgotten by the log; half, since clocks differ and a restore takes its time. */
export const positionAgeMaxMs = deleteRetentionMs / 2
const readBytes = 1 << 20
const sliceMs = 20
/** How soon a restore that waits for a transaction to end sees that it is not wanted any more. */
const waitMs = 250
const rowsPerRead = 1_000

/**
 * Brings the rows of changelogs up to the end that the log had when it was asked, which must be after the claim. Reads
 * committed records only, and waits where an open transaction holds back the last stable offset: the marker on the offsets
 * can be there before the one on the changelog (KAFKA-10167). Done is when the position behind the last batch, markers
 * included, has reached the end.
 */
export async function restore(changelogs: readonly Changelog[], options: RestoreOptions): Promise<void> {
  if (changelogs.length === 0) return
  const { reader, isWanted = () => true } = options
  const restoring = new Map<string, Restoring>()
  for (const extent of await extentsOf(changelogs, options.cluster)) {
    const { changelog, end, topicId } = extent
    const { topic, partition } = changelog
    if (!isWanted(changelog)) continue
    changelog.topicId = topicId
    const offset = startOf(extent, options)
    if (offset >= end) continue
    const id = `${partition} ${topic}`
    const same = restoring.get(id) ?? { topic, partition, end, start: offset, changelogs: [], restored: 0 }
    same.start = Math.min(same.start, offset)
    same.changelogs.push(changelog)
    restoring.set(id, same)
  }
  let open = [...restoring.values()]
  for (const { topic, partition, start } of open) reader.seek(topic, partition, start)
  while (open.length > 0) {
    await Promise.race([reader.arrived(), pause(waitMs)])
    const until = performance.now() + sliceMs
    for (const one of open) one.changelogs = one.changelogs.filter(isWanted)
    open = open.filter(one => one.changelogs.length > 0 && !applyArrived(one, until, options))
    await new Promise(resolve => setImmediate(resolve))
  }
}

/** One partition on its way to its end; of a view that several tasks share, for all of them at once. */
interface Restoring extends TopicPartition {
  changelogs: Changelog[]
  start: number
  end: number
  restored: number
}

/** What the log holds of a changelog now. */
export interface Extent {
  changelog: Changelog
  start: number
  end: number
  topicId: string
}

export async function extentsOf(changelogs: readonly Changelog[], cluster: StreamCluster): Promise<Extent[]> {
  // Tasks that share a partition of a view ask for it once.
  const places = [...new Map(changelogs.map(one => [`${one.partition} ${one.topic}`, one])).values()]
  const ends = await cluster.offsets(places, 'highWatermark')
  const starts = await cluster.offsets(places, 'earliest')
  const ids = new Map<string, string>()
  for (const { topic } of changelogs) if (!ids.has(topic)) ids.set(topic, await cluster.topicId(topic))
  return changelogs.map(changelog => ({
    changelog,
    start: placed(starts, changelog),
    end: placed(ends, changelog),
    topicId: ids.get(changelog.topic) as string
  }))
}

/** From the stored position, or from the start with the rows dropped where that position is worth nothing any more. */
export function startOf(
  { changelog, end, start, topicId }: Extent,
  { store, now }: Pick<RestoreOptions, 'store' | 'now'>
): number {
  const position = readPosition(store, changelog)
  const isGood =
    position &&
    position.topicId === topicId &&
    position.offset <= end &&
    (position.offset === end || now() - position.at < positionAgeMaxMs)
  if (isGood) return Math.max(position.offset, start)
  dropRows(store, changelog)
  return start
}

/** Applies what has arrived; true when the end is reached. */
function applyArrived(
  restoring: Restoring,
  until: number,
  { reader, store, now, onProgress }: RestoreOptions
): boolean {
  const { topic, partition, changelogs, end } = restoring
  while (performance.now() < until) {
    const batch = reader.read(topic, partition, readBytes)
    if (!batch) break
    restoring.restored += batch.count
    for (const changelog of changelogs) applyRecords(batch, changelog, { store, now })
  }
  const position = reader.state(topic, partition)?.position ?? 0
  onProgress({ topic, partition, restored: restoring.restored, left: Math.max(0, end - position) })
  if (position < end) return false
  reader.remove(topic, partition)
  return true
}

/** Records become rows, in one write with the position behind them. */
export function applyRecords(
  batch: RecordBatch,
  changelog: Changelog,
  { store, now }: Pick<RestoreOptions, 'store' | 'now'>
): void {
  const rows = store.batch()
  for (let i = 0; i < batch.count; i++) {
    const key = changelog.rowKey(batch.keyBytes(i) ?? noBytes)
    if (!key) continue
    const value = batch.value(i)
    if (value === null) rows.delete(changelog.column, key)
    else rows.put(changelog.column, key, value)
  }
  putPosition(rows, changelog, { offset: batch.nextOffset, topicId: changelog.topicId ?? '', at: now() })
  store.write(rows)
}

function readPosition(store: StateStore, changelog: Changelog): ChangelogPosition | null {
  const [bytes] = store.getMany(changelog.column, [positionKey(changelog)])
  return bytes ? (JSON.parse(bytes.toString()) as ChangelogPosition) : null
}

export function putPosition(
  rows: ReturnType<StateStore['batch']>,
  changelog: Changelog,
  position: ChangelogPosition
): void {
  rows.put(changelog.column, positionKey(changelog), Buffer.from(JSON.stringify(position)))
}

/** The position goes first: rows without one are dropped at the next start, a position without rows would be believed. */
function dropRows(store: StateStore, changelog: Changelog): void {
  const rows = store.batch()
  rows.delete(changelog.column, positionKey(changelog))
  store.write(rows)
  if (changelog.column === 'state') store.clear('state', changelog.rows)
  else dropOwnRows(store, changelog)
}

/** Rows of a view do not say which partition they are of. */
function dropOwnRows(store: StateStore, { column, rows: { gte, lt }, owns }: Changelog): void {
  for (let from = gte; ; ) {
    const found = store.range(column, { gte: from, lt, limit: rowsPerRead })
    const batch = store.batch()
    for (const [key] of found) if (owns(key)) batch.delete(column, key)
    if (batch.count > 0) store.write(batch)
    if (found.length < rowsPerRead) return
    from = Buffer.concat([found[found.length - 1][0], Buffer.of(0)])
  }
}

const noBytes = Buffer.alloc(0)
const pause = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))

function placed(
  offsets: ReadonlyMap<string, ReadonlyMap<number, number>>,
  { topic, partition }: TopicPartition
): number {
  return offsets.get(topic)?.get(partition) ?? 0
}
