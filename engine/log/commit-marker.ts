import { closeSync, fdatasync, fsyncSync, openSync, readFileSync, readSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { ByteReader, ByteWriter } from '../bytes.ts'
import { stop } from '../errors.ts'
import { fileFailure } from './file-errors.ts'
import type { CommitRecorder } from './log-state.ts'
import { type Manifest, WalWatch } from './wal-watch.ts'

export const databaseFolder = 'db'
const fileName = 'commits'
const magic = 0x4d524331
const slotBytes = 512
const fieldBytes = 84
const bootIdBytes = 36

export interface Commits {
  /** Acknowledged. */
  last: number
  /** Known to be on the disk. */
  synced: number
  /** Of the run of the operating system that wrote it; '' where there is none to ask for. */
  bootId: string
  /** How far the database's list of tables had grown. */
  manifest?: Manifest
}

/**
 * The side file that knows which commits there must be: a RocksDB whose write-ahead log was damaged opens without an
 * error and has lost the end of it. Two slots take turns, so that a torn write leaves the one before:
 *
 *     u32 crc32 of the rest | u32 magic | i64 turn | i64 last | i64 synced | i64 manifest | i64 its bytes | boot id, 36 bytes
 *
 * A commit is recorded behind its write: the database may be ahead of the file, never behind.
 */
export class CommitMarker implements CommitRecorder {
  readonly #directory: string
  readonly #watch: WalWatch
  readonly #file: number
  readonly #out = new ByteWriter(slotBytes)
  readonly #bootId: string
  #turn: number
  #synced: number
  #syncFailure: Error | null = null

  private constructor(
    directory: string,
    file: number,
    { turn, synced, bootId }: Omit<Commits, 'last'> & { turn: number }
  ) {
    this.#directory = directory
    this.#watch = new WalWatch(join(directory, databaseFolder))
    this.#file = file
    this.#turn = turn
    this.#synced = synced
    this.#bootId = bootId
  }

  /** For the thread that writes; `directory` has been opened by `openDataDirectory`. */
  static open(directory: string): CommitMarker {
    const found = readNewest(directory)
    const bootId = readBootId()
    if (found) return new CommitMarker(directory, openSync(join(directory, fileName), 'r+'), { ...found, bootId })
    throw stop(
      'data_dir_corrupt',
      `${join(directory, fileName)} is not readable: restore a backup, or start with --accept-loss.`
    )
  }

  /** Makes the file anew. */
  static create(directory: string, { last, synced, bootId }: Commits): CommitMarker {
    const path = join(directory, fileName)
    const file = openSync(`${path}.new`, 'w+')
    const marker = new CommitMarker(directory, file, { turn: 0, synced, bootId })
    marker.record(last, false)
    marker.record(last, false)
    fsyncSync(file)
    renameSync(`${path}.new`, path)
    return marker
  }

  /** Null when neither slot is whole, or there is no file. */
  static read(directory: string): Commits | null {
    return readNewest(directory)
  }

  get settled(): number {
    return this.#watch.settled
  }

  record(commit: number, isSynced: boolean): void {
    if (this.#syncFailure) throw fileFailure(this.#syncFailure, this.#directory)
    if (isSynced) this.#synced = commit
    this.#watch.committed(commit)
    this.#turn++
    const out = this.#out.reset().u32(0).u32(magic)
    const { number, bytes } = this.#watch.manifest
    out.i64(this.#turn).i64(commit).i64(this.#synced).i64(number).i64(bytes).text(this.#bootId.padEnd(bootIdBytes))
    out.buffer.writeUInt32BE(crc32(out.buffer.subarray(4, out.position)), 0)
    try {
      writeSync(this.#file, out.buffer, 0, out.position, (this.#turn % 2) * slotBytes)
    } catch (error) {
      throw fileFailure(error, this.#directory)
    }
    // The commit itself is safe already; the file follows without anyone waiting, and a failure stops the next commit.
    if (isSynced) fdatasync(this.#file, error => (this.#syncFailure ??= error))
  }

  close(): void {
    fsyncSync(this.#file)
    closeSync(this.#file)
  }
}

export function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim().slice(0, bootIdBytes)
  } catch {
    return ''
  }
}

function readNewest(directory: string): (Commits & { turn: number }) | null {
  const bytes = Buffer.alloc(slotBytes * 2)
  try {
    const file = openSync(join(directory, fileName), 'r')
    readSync(file, bytes, 0, bytes.length, 0)
    closeSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw fileFailure(error, directory)
  }
  const slots = [readSlot(bytes.subarray(0, slotBytes)), readSlot(bytes.subarray(slotBytes))]
  return slots.reduce((a, b) => (a && b ? (a.turn > b.turn ? a : b) : (a ?? b)))
}

function readSlot(slot: Buffer): (Commits & { turn: number }) | null {
  const input = new ByteReader(slot)
  if (input.u32() !== crc32(slot.subarray(4, fieldBytes)) || input.u32() !== magic) return null
  const [turn, last, synced, number, bytes] = [input.i64(), input.i64(), input.i64(), input.i64(), input.i64()]
  return { turn, last, synced, manifest: { number, bytes }, bootId: input.text(bootIdBytes).trim() }
}
