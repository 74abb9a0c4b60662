import type { TopicPartition } from '../log/log.ts'
import type { StreamCluster, TaskReader } from '../ports/cluster.ts'
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
}

/** Half of the changelogs' `delete.retention.ms`: beyond it a deletion may have been forgotten by the log. */
export const positionAgeMaxMs = 3.5 * 86_400_000
const readBytes = 1 << 20
const sliceMs = 20

/**
 * Brings the rows of changelogs up to the end that the log had when it was asked, which must be after the claim. Reads
 * committed records only, and waits where an open transaction holds back the last stable offset: the marker on the offsets
 * can be there before the one on the changelog (KAFKA-10167). Done is when the position behind the last batch, markers
 * included, has reached the end.
 */
export async function restore(changelogs: readonly Changelog[], options: RestoreOptions): Promise<void> {
  if (changelogs.length === 0) return
  const { cluster, reader } = options
  const ends = await cluster.offsets(changelogs, 'highWatermark')
  const starts = await cluster.offsets(changelogs, 'earliest')
  const ids = new Map<string, string>()
  for (const { topic } of changelogs) if (!ids.has(topic)) ids.set(topic, await cluster.topicId(topic))
  const open: Restoring[] = []
  for (const changelog of changelogs) {
    const end = placed(ends, changelog)
    const topicId = ids.get(changelog.topic) as string
    changelog.topicId = topicId
    const offset = startOf(changelog, { end, start: placed(starts, changelog), topicId }, options)
    if (offset >= end) continue
    reader.seek(changelog.topic, changelog.partition, offset)
    open.push({ changelog, end, topicId, restored: 0 })
  }
  while (open.length > 0) {
    await reader.arrived()
    const until = performance.now() + sliceMs
    for (let i = open.length - 1; i >= 0; i--) {
      if (applyArrived(open[i], until, options)) open.splice(i, 1)
    }
    await new Promise(resolve => setImmediate(resolve))
  }
}

interface Restoring {
  changelog: Changelog
  end: number
  topicId: string
  restored: number
}

/** From the stored position, or from the start with the rows dropped where that position is worth nothing any more. */
function startOf(
  changelog: Changelog,
  { end, start, topicId }: { end: number; start: number; topicId: string },
  { store, now }: RestoreOptions
): number {
  const position = readPosition(store, changelog)
  const isGood =
    position && position.topicId === topicId && position.offset <= end && now() - position.at < positionAgeMaxMs
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
  const { changelog, end, topicId } = restoring
  const { topic, partition } = changelog
  while (performance.now() < until) {
    const batch = reader.read(topic, partition, readBytes)
    if (!batch) break
    const rows = store.batch()
    for (let i = 0; i < batch.count; i++) {
      const key = changelog.rowKey(batch.keyBytes(i) ?? Buffer.alloc(0))
      if (!key) continue
      const value = batch.value(i)
      if (value === null) rows.delete(changelog.column, key)
      else rows.put(changelog.column, key, value)
    }
    restoring.restored += batch.count
    putPosition(rows, changelog, { offset: batch.nextOffset, topicId, at: now() })
    store.write(rows)
  }
  const position = reader.state(topic, partition)?.position ?? 0
  onProgress({ topic, partition, restored: restoring.restored, left: Math.max(0, end - position) })
  if (position < end) return false
  reader.remove(topic, partition)
  return true
}

export function readPosition(store: StateStore, changelog: Changelog): ChangelogPosition | null {
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

function dropRows(store: StateStore, changelog: Changelog): void {
  const first = changelog.rowKey(Buffer.alloc(0))
  const rows = store.batch()
  rows.delete(changelog.column, positionKey(changelog))
  store.write(rows)
  if (changelog.column !== 'state' || !first) return
  const end = Buffer.from(first)
  end.writeUInt32BE(end.readUInt32BE(0) + 1, 0)
  store.clear('state', { gte: first, lt: end })
}

function placed(
  offsets: ReadonlyMap<string, ReadonlyMap<number, number>>,
  { topic, partition }: TopicPartition
): number {
  return offsets.get(topic)?.get(partition) ?? 0
}
