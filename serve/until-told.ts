/** How a process ends: a signal, or an error that only a human can mend. */
export class UntilTold {
  #end: (error?: unknown) => void = () => {}
  readonly #ended: Promise<void>

  constructor() {
    this.#ended = new Promise((resolve, reject) => {
      this.#end = error => (error === undefined ? resolve() : reject(error))
    })
    this.#ended.catch(() => undefined)
  }

  /** Kept at the first signal; rejected with what `fail` was given. */
  wait(): Promise<void> {
    const onSignal = () => this.#end()
    process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
    return this.#ended
  }

  fail(error: unknown): void {
    this.#end(error)
  }

  end(): void {
    this.#end()
  }
}
