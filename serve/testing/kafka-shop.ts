import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { demoBatches } from '../../connectors/demo/demo-source.ts'
import { shiftBefore } from '../../connectors/demo/online-retail.ts'
import type { BrokerCluster } from '../../connectors/kafka/testing/broker.ts'
import { type StartedInstance, startCommand } from './instance.ts'
import { type Ran, runMillrace, startMillrace } from './run-millrace.ts'

const sessionTimeoutMs = 6_000

/** Processes of Millrace on the brokers, each in a directory of its own under `root`. */
export class KafkaShop {
  readonly #brokers: BrokerCluster
  readonly #root: string
  readonly #settings: Record<string, string>
  readonly #running = new Set<StartedInstance>()

  constructor(brokers: BrokerCluster, root: string, settings: Record<string, string> = {}) {
    this.#brokers = brokers
    this.#root = root
    this.#settings = settings
  }

  stream(name: string, directory = name): Promise<StartedInstance> {
    return this.#start('stream', directory, ['--name', name])
  }

  serve(name: string): Promise<StartedInstance> {
    return this.#start('serve', name, ['--port', '0'])
  }

  /** `millrace stream --drain` of the worker that runs in that directory. */
  drain(directory: string): Promise<Ran> {
    const args = ['stream', '--drain', '--data', join(this.#root, directory)]
    return runMillrace(args, this.#commandOptions())
  }

  /** A command against the brokers, as people call it, to its end. */
  run(args: readonly string[], input?: string): Promise<Ran> {
    return runMillrace(this.#commandArgs(args), { ...this.#commandOptions(), input })
  }

  /** The same as a process that can be killed. */
  command(args: readonly string[]): ChildProcess {
    return startMillrace(this.#commandArgs(args), this.#commandOptions())
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running].map(instance => instance.kill('SIGKILL')))
  }

  async #start(command: 'stream' | 'serve', name: string, args: string[]): Promise<StartedInstance> {
    const directory = join(this.#root, name)
    const env = this.#environment()
    const instance = await startCommand({ command, args, directory, noteIn: join(directory, command), env })
    this.#running.add(instance)
    return instance
  }

  #commandArgs(args: readonly string[]): string[] {
    return [...args, '--data', join(this.#root, 'commands')]
  }

  #commandOptions() {
    return { cwd: this.#root, env: { ...this.#environment(), MILLRACE_LOG: 'kafka' } }
  }

  #environment(): Record<string, string> {
    return {
      MILLRACE_KAFKA_BROKERS: this.#brokers.addresses.join(','),
      MILLRACE_KAFKA_PARTITIONS: '2',
      MILLRACE_STREAM_SESSION_TIMEOUT_MS: String(sessionTimeoutMs),
      ...this.#settings
    }
  }
}

export async function untilReady({ adminUrl, output }: StartedInstance, timeoutMs = 60_000): Promise<void> {
  const until = performance.now() + timeoutMs
  for (;;) {
    const response = await fetch(`${adminUrl}/readyz`)
    const body = await response.text()
    if (response.ok) return
    if (performance.now() > until) throw new TypeError(`not ready: ${body} ${output()}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

export async function post(url: string, body: unknown): Promise<any> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body)
  })
  return { status: response.status, ...((await response.json()) as object) }
}

/** Sends the beginning of the demo shop's history by the public API; the tokens of the last write of each kind. */
export async function loadPiece(url: string, slices: number): Promise<string[]> {
  const tokens = new Map<string, string>()
  let interactions = 0
  for (const { topic, rows } of demoBatches({ shiftMs: shiftBefore(Date.now()) })) {
    const isEvents = topic === 'interactions'
    for (let i = 0; i < rows.length; i += 500) {
      const part = rows.slice(i, i + 500)
      const path = isEvents ? '/v1/events' : `/v1/tables/${topic}`
      const { status, token, rejected } = await post(`${url}${path}`, isEvents ? { events: part } : part)
      if (status !== 202 || rejected.length > 0)
        throw new TypeError(`${path}: ${status} ${JSON.stringify(rejected[0])}`)
      tokens.set(topic, token)
    }
    if (isEvents && ++interactions === slices) break
  }
  return [...tokens.values()]
}

/** Until answers there show the writes. */
export async function untilSeen(url: string, tokens: readonly string[], timeoutMs = 60_000): Promise<void> {
  const until = performance.now() + timeoutMs
  for (const token of tokens) {
    for (;;) {
      const { state } = await post(`${url}/v1/recommendations?after=${token}`, { surface: 'home', limit: 1 })
      if (state.after === 'reached') break
      if (performance.now() > until) throw new TypeError(`not seen: ${JSON.stringify(state)}`)
    }
  }
}
