import { percentile } from './figures.ts'
import { RawClient } from './raw-client.ts'

export interface Measured {
  count: number
  seconds: number
  /** Replies that were not 200. */
  failed: number
  p50: number
  p99: number
  /** How much later than due the generator itself sent, ms; 0 where nothing is due. */
  lateP99: number
  /** Of the generator, µs per request. */
  generatorCpuUs: number
}

interface LoadOptions {
  url: string
  requests: readonly Buffer[]
  connections: number
  seconds: number
}

/** As fast as replies come: each connection asks again when it is answered. */
export async function closedLoop({ url, requests, connections, seconds }: LoadOptions): Promise<Measured> {
  const clients = await openAll(url, connections)
  const recorder = new Recorder()
  const until = performance.now() + seconds * 1000
  let next = 0
  await Promise.all(
    clients.map(async client => {
      while (performance.now() < until) {
        const started = performance.now()
        const { status } = await client.ask(requests[next++ % requests.length])
        recorder.add(performance.now() - started, status)
      }
    })
  )
  for (const client of clients) client.close()
  return recorder.result()
}

/**
 * At a rate of its own, whatever the replies do. Sending waits for no reply, so a stall of the server is in the times of
 * all that were sent meanwhile; they count from sending, and what the generator was late by is a figure of its own.
 */
export async function openLoop({ rate, ...options }: LoadOptions & { rate: number }): Promise<Measured> {
  const { url, requests, connections, seconds } = options
  const clients = await openAll(url, connections)
  const recorder = new Recorder()
  const started = performance.now()
  const total = Math.round(rate * seconds)
  let sent = 0
  let answered = 0
  await new Promise<void>(resolve => {
    const pump = () => {
      const due = Math.min(total, Math.floor(((performance.now() - started) / 1000) * rate))
      for (; sent < due; sent++) {
        const sentAt = performance.now()
        recorder.late(sentAt - started - (sent / rate) * 1000)
        clients[sent % clients.length].send(requests[sent % requests.length], status => {
          recorder.add(performance.now() - sentAt, status)
          if (++answered === total) resolve()
        })
      }
      // A generator that spins would take from the server what it measures.
      if (sent < total) setTimeout(pump, 1)
    }
    pump()
  })
  for (const client of clients) client.close()
  return recorder.result()
}

function openAll(url: string, count: number): Promise<RawClient[]> {
  return Promise.all(Array.from({ length: count }, () => RawClient.open(url)))
}

class Recorder {
  readonly #times: number[] = []
  readonly #lateBy: number[] = []
  readonly #started = performance.now()
  readonly #cpu = process.cpuUsage()
  #failed = 0

  add(ms: number, status: number): void {
    this.#times.push(ms)
    if (status !== 200) this.#failed++
  }

  late(ms: number): void {
    this.#lateBy.push(ms)
  }

  result(): Measured {
    const { user, system } = process.cpuUsage(this.#cpu)
    const sorted = Float64Array.from(this.#times).sort()
    return {
      count: sorted.length,
      seconds: (performance.now() - this.#started) / 1000,
      failed: this.#failed,
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
      lateP99: this.#lateBy.length === 0 ? 0 : percentile(Float64Array.from(this.#lateBy).sort(), 0.99),
      generatorCpuUs: (user + system) / sorted.length
    }
  }
}
