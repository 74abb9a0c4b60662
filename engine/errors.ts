/** What happens next after an error (DESIGN 3): the only four answers an error may have. */
export type Remedy = 'skip' | 'retry' | 'restore' | 'stop'

/** Root of every error of ours: a stable `code` (see docs/reference/errors.md), what happens next, and one sentence for the operator. */
export class MillraceError extends Error {
  readonly code: string
  readonly remedy: Remedy

  constructor(code: string, remedy: Remedy, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'MillraceError'
    this.code = code
    this.remedy = remedy
  }
}

/** A record that can never be processed: it goes to `dead-letters` with this code and the stream goes on. */
export function poison(code: string, message: string, cause?: unknown): MillraceError {
  return new MillraceError(code, 'skip', message, { cause })
}

/** A human must act: the process ends with exactly this sentence. */
export function stop(code: string, message: string, cause?: unknown): MillraceError {
  return new MillraceError(code, 'stop', message, { cause })
}

/** The code of any thrown value; foreign errors that reached us untranslated are `unexpected`. */
export function codeOf(error: unknown): string {
  return error instanceof MillraceError ? error.code : 'unexpected'
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
