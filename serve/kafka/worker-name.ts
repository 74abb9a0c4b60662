import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { stop } from '../../engine/errors.ts'

const fileName = 'worker-name'
const nameShape = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

/**
 * The name under which a worker is a member of its group and owner of its transactions, the same at every start: kept
 * with its state, because who comes back under it gets its tasks back.
 * `asked` is '' where nobody has named it.
 */
export function workerName(directory: string, asked: string): string {
  mkdirSync(directory, { recursive: true })
  const kept = keptName(directory)
  if (kept === null) {
    const name = asked || hostName()
    writeFileSync(join(directory, fileName), `${name}\n`, { flush: true })
    return name
  }
  if (asked === '' || asked === kept) return kept
  throw stop(
    'worker_name_other',
    `The directory ${directory} is that of worker ${kept}, not ${asked}: use its own name, or another data_dir.`
  )
}

function keptName(directory: string): string | null {
  try {
    const name = readFileSync(join(directory, fileName), 'utf8').trim()
    return nameShape.test(name) ? name : null
  } catch {
    return null // The first start.
  }
}

function hostName(): string {
  const name = hostname()
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, 63)
  return nameShape.test(name) ? name : 'worker'
}
