import { MillraceError, stop } from '../errors.ts'
import { diskFull } from '../stores/disk-full.ts'

const noSpace = ['ENOSPC', 'EDQUOT', 'EFBIG']
const noPermission = ['EACCES', 'EPERM', 'EROFS']

/** An error of Node's file functions, as what it means for the data directory. */
export function fileFailure(error: unknown, directory: string): MillraceError {
  if (error instanceof MillraceError) return error
  const { code = '' } = error as NodeJS.ErrnoException
  if (noSpace.includes(code)) return diskFull(directory, error)
  if (noPermission.includes(code)) {
    return stop(
      'data_dir_not_writable',
      `The data directory ${directory} may not be written by this user: correct its owner or mode, then start again.`,
      error
    )
  }
  return stop('store_failed', `A file of ${directory} failed (${code}): check the disk, then start again.`, error)
}
