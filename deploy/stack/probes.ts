import { createConnection } from 'node:net'
import type { Health } from './manifest.ts'

const patienceMs = 2000

/** A broker answers ApiVersions (api key 18, version 0, correlation id 1, no client id) once it takes clients. */
const apiVersionsRequest = Buffer.from('0000000a0012000000000001ffff', 'hex')
const pingRequest = Buffer.from('*1\r\n$4\r\nPING\r\n')

export function isReady({ kind, path }: Health, port: number): Promise<boolean> {
  if (kind === 'http') return answersOk(`http://127.0.0.1:${port}${path ?? '/'}`)
  if (kind === 'kafka') return replies(port, apiVersionsRequest, answer => answer.length > 0)
  return replies(port, pingRequest, answer => answer.toString().startsWith('+PONG'))
}

/** Somebody listens there. */
export function isTaken(port: number): Promise<boolean> {
  return replies(port, null, () => true)
}

async function answersOk(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(patienceMs) })).ok
  } catch {
    return false // Not there yet; whoever waits has a limit.
  }
}

function replies(port: number, request: Buffer | null, isGood: (answer: Buffer) => boolean): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createConnection(port, '127.0.0.1')
    const done = (result: boolean) => {
      socket.destroy()
      resolve(result)
    }
    socket.setTimeout(patienceMs, () => done(false))
    socket.once('error', () => done(false))
    socket.once('end', () => done(false))
    socket.once('data', answer => done(isGood(answer)))
    socket.once('connect', () => (request === null ? done(true) : socket.write(request)))
  })
}
