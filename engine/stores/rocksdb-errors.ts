import { type MillraceError, stop } from '../errors.ts'
import { diskFull } from './disk-full.ts'

/** Codes the binding gives; what has none of them keeps its text as the cause. */
const lockedCode = 'LEVEL_LOCKED'
const corruptionCode = 'LEVEL_CORRUPTION'
/** The binding reports errno by its text alone: no space, quota, and a file beyond the process's own limit. */
const noSpace = /No space left on device|Disk quota exceeded|File too large/
const missingFile = /No such file or directory|does not exist/

/** The one door for foreign errors of RocksDB. */
export function translated(
  error: unknown,
  directory: string,
  doing: 'open' | 'read' | 'write' | 'close'
): MillraceError {
  const { code, message: text } = error as { code?: string; message: string }
  if (code === lockedCode) {
    return stop(
      'data_dir_in_use',
      `The data directory ${directory} is in use by another process: talk to that running instance, or stop it first.`,
      error
    )
  }
  if (noSpace.test(text)) return diskFull(directory, error)
  if (code === corruptionCode || (doing === 'open' && missingFile.test(text))) {
    return stop(
      'data_dir_corrupt',
      `The data directory ${directory} is damaged (${text}): restore a backup, or move the directory away and load again.`,
      error
    )
  }
  return stop(
    'store_failed',
    `The store in ${directory} failed to ${doing} (${text}): check the disk, then start again.`,
    error
  )
}
