import type { WriteStream } from 'node:tty'

const barCells = 30
const redrawMs = 200
const logEveryMs = 10_000

/** What a person sees of `millrace start`: a few lines, and a bar while history is loaded. */
export class StartScreen {
  readonly #out: WriteStream
  #startedMs = 0
  #drawnMs = Number.NEGATIVE_INFINITY
  #hasBar = false

  constructor(out: WriteStream) {
    this.#out = out
  }

  line(text: string): void {
    this.#clearBar()
    this.#out.write(`${text}\n`)
  }

  addresses({ url, adminUrl, isDemo }: { url: string; adminUrl: string; isDemo: boolean }): void {
    this.line(`\n  shop and API  ${url}\n  API reference ${url}/docs\n  health, admin ${adminUrl}/readyz\n`)
    const ask = isDemo
      ? `{"surface":"product","items":["85123A"],"session_id":"s_1","limit":3}`
      : `{"surface":"home","session_id":"s_1"}`
    this.line(`  curl -s ${url}/v1/recommendations -H 'content-type: application/json' -d '${ask}'\n`)
  }

  progress(rows: number, rowsTotal: number): void {
    const now = performance.now()
    if (this.#startedMs === 0) this.#startedMs = now
    const isTerminal = this.#out.isTTY === true
    if (now - this.#drawnMs < (isTerminal ? redrawMs : logEveryMs) && rows < rowsTotal) return
    this.#drawnMs = now
    const seconds = (now - this.#startedMs) / 1000
    const rate = seconds > 0 ? Math.round(rows / seconds) : 0
    const left = rate > 0 ? Math.ceil((rowsTotal - rows) / rate) : 0
    const share = rows / rowsTotal
    const text = `${Math.floor(share * 100)} %  ${rows.toLocaleString('en')} rows  ${rate.toLocaleString('en')}/s  ${left} s left`
    if (!isTerminal) {
      this.#out.write(`loading history: ${text}\n`)
      return
    }
    const filled = Math.round(share * barCells)
    this.#out.write(`\r\u001b[K  history ${'█'.repeat(filled)}${'░'.repeat(barCells - filled)} ${text}`)
    this.#hasBar = true
  }

  loaded(): void {
    this.line(`  all of the history is in the answers (${((performance.now() - this.#startedMs) / 1000).toFixed(1)} s)`)
  }

  close(): void {
    this.#clearBar()
  }

  #clearBar(): void {
    if (this.#hasBar) this.#out.write('\r\u001b[K')
    this.#hasBar = false
  }
}
