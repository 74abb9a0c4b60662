import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type MillraceError, stop } from '../errors.ts'
import { RocksStore } from '../stores/rocksdb-store.ts'
import { acceptChain, brokenColumns, readCommit } from './commit-chain.ts'
import { CommitMarker, databaseFolder, readBootId } from './commit-marker.ts'
import { fileFailure } from './file-errors.ts'
import { readManifest } from './wal-watch.ts'

const format = 1
const formatFile = 'millrace.json'

export interface DataDirectoryOptions {
  memoryMb?: number
  /** Go on although commits are missing (`--accept-loss`). */
  acceptLoss?: boolean
}

export interface DataDirectory {
  store: RocksStore
  /** For the writer of the log, if it lives in this thread; otherwise that thread has its own, by `attachDataDirectory`. */
  marker: CommitMarker
  /** Acknowledged commits that are gone: within the fsync interval after a power loss, or because it was accepted. */
  lostCommits: number
  close(): Promise<void>
}

/**
 * Opens `directory`, or makes it: `millrace.json` (its format), `db/` (RocksDB) and `commits` (commit-marker.ts).
 * Whatever is missing or damaged is said, never gone over. The thread that opens it closes it, last.
 */
export async function openDataDirectory(directory: string, options: DataDirectoryOptions = {}): Promise<DataDirectory> {
  try {
    return await openOrThrow(directory, options)
  } catch (error) {
    throw fileFailure(error, directory)
  }
}

async function openOrThrow(directory: string, options: DataDirectoryOptions): Promise<DataDirectory> {
  const { memoryMb, acceptLoss = false } = options
  mkdirSync(join(directory, databaseFolder), { recursive: true })
  const isFormatted = checkFormat(directory)
  const isNew = !isFormatted && !hasDatabase(directory)
  if (!isNew && !acceptLoss) checkManifest(directory)
  const store = await RocksStore.open(join(directory, databaseFolder), {
    memoryMb,
    createIfMissing: isNew,
    shownAs: directory
  })
  try {
    if (!isNew && !isFormatted) refuseUnformatted(directory, store, acceptLoss)
    const lostCommits = isNew ? 0 : checkCommits(directory, store, acceptLoss)
    const { commit } = readCommit(store)
    // Opening has put all of the write-ahead log into tables: what is here now is safe.
    const marker = CommitMarker.create(directory, { last: commit, synced: commit, bootId: readBootId() })
    if (!isFormatted) writeFormat(directory)
    const close = async () => {
      marker.close()
      await store.close()
    }
    return { store, marker, lostCommits, close }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** The same directory for the thread that writes, by the handle of the one that opened it. Close the marker when done. */
export function attachDataDirectory(directory: string, handle: bigint): { store: RocksStore; marker: CommitMarker } {
  return { store: RocksStore.attach(handle, directory), marker: CommitMarker.open(directory) }
}

/** False when there is no format file. */
function checkFormat(directory: string): boolean {
  const path = join(directory, formatFile)
  if (!existsSync(path)) return false
  const found = parsed(readFileSync(path, 'utf8'))
  if (found === format) return true
  if (found === undefined) throw damaged(directory, `${formatFile} is not readable`)
  throw stop(
    'data_dir_format',
    `The data directory ${directory} has format ${found}, this release reads format ${format}: run the release that wrote it, or move it away and load again.`
  )
}

function parsed(json: string): number | undefined {
  try {
    return (JSON.parse(json) as { format?: number }).format
  } catch {
    return undefined
  }
}

function writeFormat(directory: string): void {
  const path = join(directory, formatFile)
  writeFileSync(`${path}.new`, `${JSON.stringify({ format })}\n`, { flush: true })
  renameSync(`${path}.new`, path)
}

/** Whether anything is there that making a new database would destroy. */
function hasDatabase(directory: string): boolean {
  const files = readdirSync(join(directory, databaseFolder))
  return CommitMarker.read(directory) !== null || files.some(file => file === 'CURRENT' || file.endsWith('.sst'))
}

/** Without a format file there may only be what a first start left behind that was killed. */
function refuseUnformatted(directory: string, store: RocksStore, acceptLoss: boolean): void {
  if (readCommit(store).commit > 0 && !acceptLoss) throw damaged(directory, `${formatFile} is missing`)
}

/** A list of tables that has shrunk would make RocksDB forget tables without a word. */
function checkManifest(directory: string): void {
  const noted = CommitMarker.read(directory)?.manifest
  const found = readManifest(join(directory, databaseFolder))
  if (!noted || !found) return
  const hasShrunk = found.number < noted.number || (found.number === noted.number && found.bytes < noted.bytes)
  if (hasShrunk) throw damaged(directory, 'a part of its MANIFEST is missing')
}

/** How many acknowledged commits are missing; throws where that is not to be expected and not accepted. */
function checkCommits(directory: string, store: RocksStore, acceptLoss: boolean): number {
  const broken = brokenColumns(store)
  if (broken.length > 0 && !acceptLoss) throw damaged(directory, `rows of ${broken.join(', ')} are missing`)
  if (broken.length > 0) acceptChain(store)
  const { commit } = readCommit(store)
  const marked = CommitMarker.read(directory)
  if (marked === null) {
    if (commit === 0 || acceptLoss) return broken.length
    throw damaged(directory, 'the file `commits` is missing or not readable, so that lost commits would go unnoticed')
  }
  const lost = Math.max(broken.length, marked.last - commit)
  const bootId = readBootId()
  const isPowerLoss = commit >= marked.synced && (bootId === '' || marked.bootId !== bootId)
  if (lost > 0 && !isPowerLoss && !acceptLoss) throw lostCommits(directory, commit, marked.last)
  return lost
}

function damaged(directory: string, what: string): MillraceError {
  return stop(
    'data_dir_corrupt',
    `The data directory ${directory} is damaged (${what}): restore a backup, or start with --accept-loss to go on with what is left.`
  )
}

function lostCommits(directory: string, commit: number, last: number): MillraceError {
  return stop(
    'data_dir_lost_commits',
    `The data directory ${directory} has lost ${last - commit} acknowledged commits (it ends at ${commit}, ${last} was acknowledged): restore a backup, or start with --accept-loss to go on from there.`
  )
}
