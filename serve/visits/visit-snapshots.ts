import { readFileSync, rmSync } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { MillraceError, messageOf } from '../../engine/errors.ts'
import { copyIndex, type IndexCopy } from '../../recommend/session-index/index-copy.ts'
import { preludeBytes, snapshotPieces } from '../../recommend/session-index/index-snapshot.ts'
import { loadIndex } from '../../recommend/session-index/load-index.ts'
import type { VisitIndex } from '../../recommend/visit-index.ts'

export interface VisitSnapshotsOptions {
  file: string
  visits: VisitIndex
  /** Of the topic on the log now: what a snapshot must have been made from and may have read at most. */
  source: string
  endOffset: number
  /** Not now: what is in the index is about to be forgotten, and a start from it would not hear of that again. */
  isHeld?: () => boolean
  say: (line: string) => void
}

/** Whatever changes the index. */
export interface IndexFeed {
  /** From now on nothing is taken, until `release`. */
  hold(): void
  release(): void
}

const everyMs = 10 * 60_000

/**
 * The session index in a file, so that a start reads only what came after it: written every 10 minutes and at the end,
 * under another name first.
 *
 * The index is copied in pieces of about half a millisecond, a turn of the event loop each; meanwhile steps wait where they
 * come from, and answers are those of before: for some 75 turns at 150 MB. What is then encoded and written, piece by piece,
 * is the copy; it takes as much memory as the index for that long.
 */
export class VisitSnapshots {
  readonly #options: VisitSnapshotsOptions
  #feed: IndexFeed | null = null
  #timer: NodeJS.Timeout | null = null
  #saving: Promise<void> = Promise.resolve()
  #writtenTo = -1

  constructor(options: VisitSnapshotsOptions) {
    this.#options = options
  }

  /** What is damaged, or made from another topic, is removed: the index is then built from the log. */
  load(): void {
    const { file, visits, source, endOffset, say } = this.#options
    try {
      const saved = loadIndex(readFileSync(file), visits.parameters)
      if (saved.source === source && saved.offset <= endOffset) {
        visits.restore(saved)
        this.#writtenTo = saved.offset
        return
      }
      say('The snapshot of the session index belongs to another log; it is built again.')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
      if (!(error instanceof MillraceError)) throw error
      say(error.message)
    }
    rmSync(file, { force: true })
  }

  /** `feed` waits while a snapshot is taken. */
  start(feed: IndexFeed): void {
    this.#feed = feed
    this.#timer = setInterval(() => void this.save(), everyMs)
    this.#timer.unref()
  }

  /** Of the index as it is when the one before is written, unless that is written already. Never rejects. */
  save(): Promise<void> {
    this.#saving = this.#saving.then(async () => void (await this.#save()))
    return this.#saving
  }

  /**
   * The one on the disk may not stay: it holds what is to be forgotten. Where no other can be written now it is removed; a
   * start from the log is always right. Rejects where that cannot be done either.
   */
  rewrite(): Promise<void> {
    const rewritten = this.#saving.then(async () => {
      this.#writtenTo = -1
      if (!(await this.#save())) await this.#remove()
    })
    // Whoever asked hears of it.
    this.#saving = rewritten.catch(() => undefined)
    return rewritten
  }

  /** With a last snapshot. */
  async close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer)
    await this.save()
  }

  /** Without it a start takes longer, and nothing is lost. Returns whether the file is that of the index now. */
  async #save(): Promise<boolean> {
    const { file, visits, isHeld, say } = this.#options
    const { nextOffset } = visits.feed
    if (isHeld?.()) return false
    if (nextOffset === this.#writtenTo) return true
    try {
      const copy = await this.#copied()
      const handle = await open(`${file}.new`, 'w')
      try {
        await this.#write(handle, copy, nextOffset)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(`${file}.new`, file)
      this.#writtenTo = nextOffset
      return true
    } catch (error) {
      say(`The snapshot of the session index could not be written: ${messageOf(error)}`)
      return false
    }
  }

  async #remove(): Promise<void> {
    const { file } = this.#options
    for (const path of [file, `${file}.new`]) await rm(path, { force: true, recursive: true })
  }

  async #copied(): Promise<IndexCopy> {
    const { index, open: visitors } = this.#options.visits.feed
    this.#feed?.hold()
    try {
      const copying = copyIndex(index, visitors.entries())
      let copied = copying.next()
      for (; !copied.done; copied = copying.next()) await nextTurn()
      return copied.value
    } finally {
      this.#feed?.release()
    }
  }

  async #write(handle: FileHandle, copy: IndexCopy, offset: number): Promise<void> {
    const { visits, source } = this.#options
    const making = snapshotPieces(copy, visits.parameters, { offset, source })
    let at = preludeBytes
    let made = making.next()
    for (; !made.done; made = making.next()) {
      await handle.write(made.value, 0, made.value.byteLength, at)
      at += made.value.byteLength
    }
    await handle.write(made.value, 0, preludeBytes, 0)
  }
}
