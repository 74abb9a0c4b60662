import { readFileSync, rmSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { MillraceError, messageOf } from '../../engine/errors.ts'
import { loadIndex, saveIndex } from '../../recommend/session-index/index-snapshot.ts'
import type { VisitIndex } from '../../recommend/visit-index.ts'

export interface VisitSnapshotsOptions {
  file: string
  visits: VisitIndex
  /** Of the topic on the log now: what a snapshot must have been made from and may have read at most. */
  source: string
  endOffset: number
  say: (line: string) => void
}

const everyMs = 10 * 60_000

/**
 * The session index in a file, so that a start reads only what came after it: written every 10 minutes and at the end,
 * under another name first. Taking the copy holds the thread for about a millisecond per megabyte.
 */
export class VisitSnapshots {
  readonly #options: VisitSnapshotsOptions
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> = Promise.resolve()
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

  start(): void {
    this.#timer = setInterval(() => void this.save(), everyMs)
    this.#timer.unref()
  }

  /** Of the index as it is now, unless that is written already. */
  save(): Promise<void> {
    const { visits, source } = this.#options
    const { index, nextOffset, open: visitors } = visits.feed
    if (nextOffset === this.#writtenTo) return this.#writing
    this.#writtenTo = nextOffset
    const bytes = Buffer.concat(saveIndex(index, { offset: nextOffset, source, open: visitors.entries() }))
    this.#writing = this.#writing.then(() => this.#write(bytes))
    return this.#writing
  }

  /** With a last snapshot. */
  async close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer)
    await this.save()
  }

  /** Without it a start takes longer, and nothing is lost. */
  async #write(bytes: Buffer): Promise<void> {
    const { file, say } = this.#options
    try {
      const handle = await open(`${file}.new`, 'w')
      try {
        await handle.writeFile(bytes)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(`${file}.new`, file)
    } catch (error) {
      say(`The snapshot of the session index could not be written: ${messageOf(error)}`)
    }
  }
}
