import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { workerTopics } from '../../../engine/distributed/worker-topics.ts'
import { partitionOf } from '../../../engine/log/partition-of.ts'
import { openStreamCluster } from '../stream-cluster.ts'
import { notesTopic, notesTopology, type RestoreEvent, type RestoreJob } from './restore-child.ts'

const program = fileURLToPath(new URL('restore-child.ts', import.meta.url))
const partitions = 4
const perAppend = 2_000
const noteBytes = 100

/** How a worker came back: see `RestoreEvent`; `startMs` since the start of its process. */
export type Restart = RestoreEvent & { type: 'ready' } & { startMs: number }

/** A stream worker as a process, with a state of 100 bytes per key in RocksDB, that is killed and comes back. */
export class RestoredWorker {
  readonly #job: RestoreJob
  readonly #folder: string
  #child: ChildProcess | undefined

  private constructor(job: RestoreJob, folder: string) {
    this.#job = job
    this.#folder = folder
  }

  /** With the state of that many keys, all of it committed. */
  static async open(bootstrap: readonly string[], keys: number): Promise<RestoredWorker> {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-restore-'))
    const namespace = `r${Date.now().toString(36)}`
    const worker = new RestoredWorker(
      { bootstrap, namespace, directory: join(folder, 'state'), partitions, memoryMb: 51 },
      folder
    )
    await worker.#produce(keys)
    await worker.#build(keys)
    return worker
  }

  async #produce(keys: number): Promise<void> {
    const { namespace, bootstrap } = this.#job
    const cluster = openStreamCluster({ connection: { bootstrap }, namespace, worker: 'admin', replicationFactor: 1 })
    await cluster.ensureTopics(workerTopics({ topologies: [notesTopology(namespace)], namespace, partitions }))
    for (let from = 0; from < keys; from += perAppend) {
      const count = Math.min(perAppend, keys - from)
      const records = Array.from({ length: count }, (_, i) => ({
        key: `reader-${from + i}`,
        value: Buffer.from(`${from + i} `.padEnd(noteBytes, 'note ')),
        timestamp: from + i
      }))
      const byPartition = Map.groupBy(records, ({ key }) => partitionOf(key, partitions))
      await Promise.all(
        [...byPartition].map(([partition, some]) => cluster.append(notesTopic(namespace), partition, some))
      )
    }
    await cluster.close()
  }

  /** Until everything is committed, and one commit more: then the local store is behind nothing. */
  async #build(keys: number): Promise<void> {
    this.#start()
    for (;;) {
      const event = await this.#heard()
      if (event.type === 'committed' && event.offset >= keys) return
    }
  }

  /** kill -9, and again. */
  async restart({ isDiskEmpty = false } = {}): Promise<Restart> {
    await this.#kill()
    if (isDiskEmpty) await rm(this.#job.directory, { recursive: true })
    const startedMs = performance.now()
    this.#start()
    for (;;) {
      const event = await this.#heard()
      if (event.type === 'ready') return { ...event, startMs: performance.now() - startedMs }
    }
  }

  async close(): Promise<void> {
    await this.#kill()
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }

  #start(): void {
    this.#child = fork(program, [JSON.stringify(this.#job)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  }

  async #heard(): Promise<RestoreEvent> {
    const [event] = (await once(this.#child as ChildProcess, 'message')) as [RestoreEvent]
    return event
  }

  async #kill(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
}
