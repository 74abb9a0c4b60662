import { type MillraceError, stop } from '../errors.ts'

/** Told alike, whoever meets it: the database or a file beside it. */
export function diskFull(directory: string, cause: unknown): MillraceError {
  return stop(
    'disk_full',
    `There is no space left for the data directory ${directory}: make space and start again; nothing that was acknowledged is lost.`,
    cause
  )
}
