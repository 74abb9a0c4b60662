import type { StreamCluster, TaskReader } from '../ports/cluster.ts'
import type { NameIds } from '../stores/name-ids.ts'
import type { StateStore } from '../stores/state-store.ts'
import type { Plan } from '../task/plan.ts'
import { type Changelog, changelogsOf } from './changelogs.ts'
import { putPosition, readPosition } from './restore.ts'

export interface StandbysOptions {
  cluster: StreamCluster
  plan: Plan
  namespace: string
  store: StateStore
  ids: NameIds
  reader: TaskReader
  now: () => number
}

const readBytes = 1 << 20
const sliceMs = 4

/**
 * State of tasks that run elsewhere, kept warm: committed records of their changelogs, up to the last stable offset. When
 * such a task comes here, its restore reads only what is left.
 */
export class Standbys {
  readonly #options: StandbysOptions
  readonly #tasks = new Map<string, Changelog[]>()
  #wanted: readonly string[] = []
  #opening: Promise<void> | null = null

  constructor(options: StandbysOptions) {
    this.#options = options
  }

  become(tasks: readonly string[]): void {
    this.#wanted = tasks
    for (const id of this.#tasks.keys()) if (!tasks.includes(id)) this.#close(id)
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null
    })
  }

  /** These run here from now on. */
  release(tasks: readonly string[]): void {
    this.#wanted = this.#wanted.filter(id => !tasks.includes(id))
    for (const id of tasks) this.#close(id)
  }

  /** Applies what has arrived, for a few milliseconds. */
  apply(): void {
    const { store, reader, now } = this.#options
    const until = performance.now() + sliceMs
    for (const changelog of [...this.#tasks.values()].flat()) {
      if (performance.now() >= until) return
      const batch = reader.read(changelog.topic, changelog.partition, readBytes)
      if (!batch) continue
      const rows = store.batch()
      for (let i = 0; i < batch.count; i++) {
        const key = changelog.rowKey(batch.keyBytes(i) ?? Buffer.alloc(0))
        if (!key) continue
        const value = batch.value(i)
        if (value === null) rows.delete(changelog.column, key)
        else rows.put(changelog.column, key, value)
      }
      putPosition(rows, changelog, { offset: batch.nextOffset, topicId: changelog.topicId ?? '', at: now() })
      store.write(rows)
    }
  }

  /** Records that each standby lacks. */
  lags(): ReadonlyMap<string, number> {
    const { reader } = this.#options
    return new Map(
      [...this.#tasks].map(([id, changelogs]) => [
        id,
        changelogs.reduce((sum, { topic, partition }) => {
          const state = reader.state(topic, partition)
          return sum + (state ? Math.max(0, state.lastStableOffset - state.position) : 0)
        }, 0)
      ])
    )
  }

  close(): void {
    this.#wanted = []
    this.#options.reader.close()
  }

  async #open(): Promise<void> {
    const { cluster, plan, namespace, ids, store, reader } = this.#options
    for (const id of this.#wanted) {
      if (this.#tasks.has(id)) continue
      const slash = id.lastIndexOf('/')
      const sub = plan.subTopologies.find(({ name }) => name === id.slice(0, slash))
      if (!sub) continue
      const changelogs = sub.steps.flatMap(step => changelogsOf(step, Number(id.slice(slash + 1)), namespace, ids))
      const starts = await cluster.offsets(changelogs, 'earliest')
      for (const changelog of changelogs) changelog.topicId = await cluster.topicId(changelog.topic)
      if (!this.#wanted.includes(id)) continue
      for (const changelog of changelogs) {
        const { topic, partition, topicId } = changelog
        const position = readPosition(store, changelog)
        const start = starts.get(topic)?.get(partition) ?? 0
        reader.seek(
          topic,
          partition,
          position && position.topicId === topicId ? Math.max(position.offset, start) : start
        )
      }
      this.#tasks.set(id, changelogs)
    }
  }

  #close(id: string): void {
    for (const { topic, partition } of this.#tasks.get(id) ?? []) this.#options.reader.remove(topic, partition)
    this.#tasks.delete(id)
  }
}
