import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { RegistryOptions } from './registry-client.ts'

const threadFile = new URL(
  import.meta.url.endsWith('.ts') ? './lookup-thread.ts' : './lookup-thread.js',
  import.meta.url
)

/** What `lookup-thread.ts` finds out about an id. */
export type Found = { id: number; schema: unknown } | { id: number; none: true } | { id: number; away: string }

export interface LookupThreadData {
  port: MessagePort
  answers: SharedArrayBuffer
  registry: RegistryOptions
  patienceMs: number
}

/**
 * Asks the registry and waits, with the calling thread stopped: records are decoded synchronously, and an id that is new
 * here is met once, when a release with a newer schema begins to write. Bounded: `patienceMs`, then `away`.
 */
export class BlockingLookup {
  readonly #registry: RegistryOptions
  readonly #patienceMs: number
  readonly #answers = new Int32Array(new SharedArrayBuffer(4))
  #worker: Worker | undefined
  #port: MessagePort | undefined

  constructor(registry: RegistryOptions, patienceMs: number) {
    this.#registry = registry
    this.#patienceMs = patienceMs
  }

  ask(id: number): Found {
    const port = this.#port ?? this.#start()
    const until = Date.now() + this.#patienceMs
    port.postMessage(id)
    for (;;) {
      const counted = Atomics.load(this.#answers, 0)
      for (let one = receiveMessageOnPort(port); one; one = receiveMessageOnPort(port)) {
        // The answer to an earlier question may come after its patience.
        if ((one.message as Found).id === id) return one.message as Found
      }
      const leftMs = until - Date.now()
      if (leftMs <= 0) return { id, away: 'no answer in time' }
      Atomics.wait(this.#answers, 0, counted, leftMs)
    }
  }

  async close(): Promise<void> {
    this.#port?.close()
    await this.#worker?.terminate()
    this.#worker = this.#port = undefined
  }

  #start(): MessagePort {
    const { port1, port2 } = new MessageChannel()
    const answers = this.#answers.buffer as SharedArrayBuffer
    const workerData: LookupThreadData = {
      port: port2,
      answers,
      registry: this.#registry,
      patienceMs: Math.max(0, this.#patienceMs - 500)
    }
    this.#worker = new Worker(threadFile, { workerData, transferList: [port2] })
    this.#worker.unref()
    this.#port = port1
    port1.unref()
    return port1
  }
}
