import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Config } from '../../schemas/config.ts'
import { type Instance, isAlive, readInstance } from '../admin/instance.ts'
import type { Finding } from './finding.ts'

/** What runs on the data directory, and by what name people know it: on Kafka it may be two. */
export async function running({ data_dir, log }: Config): Promise<{ what: string; instance: Instance }[]> {
  const places =
    log === 'kafka'
      ? [
          { what: 'worker', directory: join(data_dir, 'stream') },
          { what: 'replica', directory: join(data_dir, 'serve') }
        ]
      : [{ what: 'instance', directory: data_dir }]
  const found = places.map(async ({ what, directory }) => {
    const instance = readInstance(directory)
    return instance !== null && (await isAlive(instance)) ? [{ what, instance }] : []
  })
  return (await Promise.all(found)).flat()
}

export async function health(what: string, { admin_url, pid }: Instance): Promise<Finding> {
  const response = await fetch(`${admin_url}/readyz`, { signal: AbortSignal.timeout(5_000) }).catch(() => null)
  const detail = `running as process ${pid}, admin port ${admin_url}`
  if (response?.ok) return { check: what, status: 'ok', detail: `${detail}: ready` }
  const body = (await response?.json().catch(() => null)) as { detail?: string } | null
  return {
    check: what,
    status: 'warn',
    detail: `${detail}: not ready (${body?.detail ?? 'no answer'})`,
    remedy: 'Wait, then look again; its log says what it is doing.'
  }
}

/** Whether a process could listen there; not asked of ports that what runs here has. */
export async function ports({ http, admin }: Config, taken: readonly Instance[]): Promise<Finding[]> {
  const ours = new Set(
    taken.flatMap(({ url, admin_url }) => [url, admin_url].filter(at => at !== '').map(at => Number(new URL(at).port)))
  )
  const wanted = [
    { key: 'http.port', at: http },
    { key: 'admin.port', at: admin }
  ]
  return Promise.all(wanted.filter(({ at }) => !ours.has(at.port)).map(({ key, at }) => port(key, at)))
}

async function port(key: string, at: { host: string; port: number }): Promise<Finding> {
  const code = await new Promise<string | null>(done => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? 'error'))
    server.listen(at.port, at.host, () => server.close(() => done(null)))
  })
  const where = `${at.host}:${at.port}`
  if (code === null) return { check: key, status: 'ok', detail: `${where} is free` }
  const remedy = `Choose another ${key}, or stop what listens there.`
  return { check: key, status: 'fail', detail: `${where} cannot be used (${code})`, remedy }
}
