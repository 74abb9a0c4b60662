import { ByteReader, ByteWriter } from '../bytes.ts'
import { type Column, columns, type StateStore, type StoreReader, type WriteBatch } from '../stores/state-store.ts'

/**
 * What each commit leaves behind so that a later start can tell whether any of it is gone. RocksDB opens without an error
 * when a file of its write-ahead log is missing in the middle; the rows of some columns are then lost and later ones are
 * not. So each commit puts, into every column it touched, a row that names the commit before it in that column:
 *
 *     u16 0, i64 commit → i64 the last commit before it that touched this column
 *
 * and into `meta` the row `commit`: i64 commit, i64 settled, and per column i64 the last commit that touched it. Commits
 * up to `settled` are in tables, whose loss RocksDB does notice; the rows of the chain are deleted up to there.
 */
export interface CommitRow {
  commit: number
  settled: number
  touched: Record<Column, number>
}

/** No row of the caller's, in any column, begins with two zero bytes. */
const chainPrefix = 0
const commitKey = Buffer.from('commit')
const out = new ByteWriter(64)

const noCommit = (): CommitRow => ({ commit: 0, settled: 0, touched: { meta: 0, log: 0, state: 0, views: 0 } })

/** Completes the batch of a commit; the answer is the row it has put. `settled` is undefined where nothing is chained. */
export function putCommit(batch: WriteBatch, before: CommitRow, settled: number | undefined): CommitRow {
  const row = {
    commit: before.commit + 1,
    settled: Math.max(before.settled, settled ?? 0),
    touched: { ...before.touched }
  }
  if (settled !== undefined) {
    for (const column of columns) {
      if (column !== 'meta' && !batch.touched(column)) continue
      batch.put(column, chainKey(row.commit), out.reset().i64(before.touched[column]).view())
      row.touched[column] = row.commit
    }
  }
  putRow(batch, row)
  return row
}

/** Deletes the links that no start will ask for again; called behind the commit that moved `settled`. */
export function dropSettled(store: StateStore, { settled }: CommitRow): void {
  for (const column of columns) store.clear(column, { gte: chainKey(0), lt: chainKey(settled + 1) })
}

export function readCommit(store: StoreReader): CommitRow {
  const [bytes] = store.getMany('meta', [commitKey])
  const row = noCommit()
  if (!bytes) return row
  const input = new ByteReader(bytes)
  row.commit = input.i64()
  row.settled = input.i64()
  for (const column of columns) row.touched[column] = input.i64()
  return row
}

/** Columns that miss a commit which touched them. */
export function brokenColumns(store: StoreReader): Column[] {
  const { settled, touched } = readCommit(store)
  return columns.filter(column => {
    const range = { gte: chainKey(settled + 1), lt: chainKey(Number.MAX_SAFE_INTEGER), limit: Infinity }
    let last = 0
    for (const [key, value] of store.range(column, range)) {
      const previous = new ByteReader(value).i64()
      const isLinked = last === 0 ? previous <= settled : previous === last
      if (!isLinked) return true
      last = new ByteReader(key, 2).i64()
    }
    return touched[column] > settled && touched[column] !== last
  })
}

/** Takes what the columns hold now as all there ever was. */
export function acceptChain(store: StateStore): void {
  const { commit } = readCommit(store)
  const touched = { meta: commit, log: commit, state: commit, views: commit }
  const batch = store.batch()
  putRow(batch, { commit, settled: commit, touched })
  store.write(batch, { sync: true })
}

function putRow(batch: WriteBatch, { commit, settled, touched }: CommitRow): void {
  out.reset().i64(commit).i64(settled)
  for (const column of columns) out.i64(touched[column])
  batch.put('meta', commitKey, out.view())
}

function chainKey(commit: number): Buffer {
  const key = Buffer.allocUnsafe(10)
  key.writeUInt16BE(chainPrefix)
  key.writeInt32BE(Math.floor(commit / 4294967296), 2)
  key.writeUInt32BE(commit >>> 0, 6)
  return key
}
