/** A line on stderr that is written over: nothing at all where stderr is no terminal. */
export class Progress {
  readonly #label: string
  readonly #stream: NodeJS.WriteStream
  readonly #started = performance.now()
  #shownAt = Number.NEGATIVE_INFINITY

  constructor(label: string, stream: NodeJS.WriteStream = process.stderr) {
    this.#label = label
    this.#stream = stream
  }

  /** `part` of 1, where the whole is known. */
  show({ rows, part }: { rows: number; part: number | null }): void {
    const now = performance.now()
    if (!this.#stream.isTTY || now - this.#shownAt < 100) return
    this.#shownAt = now
    this.#stream.write(`\r\x1b[2K${progressLine(this.#label, { rows, part, elapsedMs: now - this.#started })}`)
  }

  /** Clears the line. */
  end(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[2K')
  }
}

export function progressLine(
  label: string,
  { rows, part, elapsedMs }: { rows: number; part: number | null; elapsedMs: number }
): string {
  const rate = Math.round(rows / Math.max(elapsedMs / 1000, 0.001))
  const done = `${rows.toLocaleString('en-US')} rows  ${rate.toLocaleString('en-US')}/s`
  if (part === null || part <= 0) return `${label}  ${done}`
  const leftS = Math.round((elapsedMs * (1 - Math.min(part, 1))) / Math.min(part, 1) / 1000)
  const filled = Math.round(Math.min(part, 1) * 20)
  const bar = `${'█'.repeat(filled)}${'░'.repeat(20 - filled)}`
  const eta = `${Math.floor(leftS / 60)}:${String(leftS % 60).padStart(2, '0')}`
  return `${label}  ${bar} ${Math.floor(Math.min(part, 1) * 100)} %  ${done}  ${eta} left`
}
