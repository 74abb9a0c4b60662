import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a running instance leaves in its data directory, so that commands find it. */
export interface Instance {
  pid: number
  /** Of the public API. */
  url: string
  admin_url: string
}

const fileName = 'instance.json'

export function writeInstance(directory: string, instance: Instance): void {
  writeFileSync(join(directory, fileName), `${JSON.stringify(instance)}\n`)
}

export function removeInstance(directory: string): void {
  rmSync(join(directory, fileName), { force: true })
}

/** Of an instance that may have ended without saying so. */
export function readInstance(directory: string): Instance | null {
  try {
    const {
      pid,
      url = '',
      admin_url
    } = JSON.parse(readFileSync(join(directory, fileName), 'utf8')) as Partial<Instance>
    return typeof pid === 'number' && typeof admin_url === 'string' ? { pid, url, admin_url } : null
  } catch {
    return null // None was left, or it was being written.
  }
}

/** Whether something answers there: then commands go that way. */
export async function isAlive({ admin_url }: Instance, timeoutMs = 2_000): Promise<boolean> {
  try {
    const response = await fetch(`${admin_url}/livez`, { signal: AbortSignal.timeout(timeoutMs) })
    return response.ok
  } catch {
    return false
  }
}
