import type { RecordBatch } from '../log/log.ts'
import type { StreamCluster, TaskReader } from '../ports/cluster.ts'
import type { NameIds } from '../stores/name-ids.ts'
import type { StateStore } from '../stores/state-store.ts'
import type { Plan } from '../task/plan.ts'
import { type Changelog, taskChangelogs } from './changelogs.ts'
import { applyRecords, extentsOf, startOf } from './restore.ts'

export interface StandbysOptions {
  cluster: StreamCluster
  plan: Plan
  namespace: string
  store: StateStore
  ids: NameIds
  reader: TaskReader
  now: () => number
  onTrouble: (error: unknown) => void
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
  /** By partition: what is restored from it. */
  readonly #followed = new Map<string, Changelog[]>()
  #wanted: readonly string[] = []
  #opening: Promise<void> | null = null

  constructor(options: StandbysOptions) {
    this.#options = options
  }

  become(tasks: readonly string[]): void {
    this.#wanted = tasks
    for (const id of this.#tasks.keys()) if (!tasks.includes(id)) this.#close(id)
    this.#opening ??= this.#openAll().finally(() => {
      this.#opening = null
    })
  }

  /** These run here from now on. */
  release(tasks: readonly string[]): void {
    this.#wanted = this.#wanted.filter(id => !tasks.includes(id))
    for (const id of tasks) this.#close(id)
  }

  /** Applies what has arrived, for a few milliseconds; who had something is last the next time. */
  apply(): void {
    const { store, now } = this.#options
    const until = performance.now() + sliceMs
    for (const [id, followed] of [...this.#followed]) {
      if (performance.now() >= until) return
      const batch = this.#read(followed)
      if (!batch) continue
      for (const changelog of followed) applyRecords(batch, changelog, { store, now })
      this.#followed.delete(id)
      this.#followed.set(id, followed)
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

  /** A copy that cannot be read costs nobody anything but a longer restore: it is opened anew with the next assignment. */
  #read(followed: readonly Changelog[]): RecordBatch | null {
    const [{ topic, partition }] = followed
    try {
      return this.#options.reader.read(topic, partition, readBytes)
    } catch (error) {
      this.#options.onTrouble(error)
      for (const [id, changelogs] of [...this.#tasks])
        if (changelogs.some(one => followed.includes(one))) this.#close(id)
      return null
    }
  }

  async #openAll(): Promise<void> {
    for (;;) {
      const id = this.#wanted.find(one => !this.#tasks.has(one))
      if (id === undefined) return
      try {
        await this.#open(id)
      } catch (error) {
        this.#options.onTrouble(error)
        this.#wanted = this.#wanted.filter(one => one !== id)
      }
    }
  }

  async #open(id: string): Promise<void> {
    const { cluster, plan, namespace, ids, store, now } = this.#options
    const changelogs = taskChangelogs(plan, id, namespace, ids)
    const extents = await extentsOf(changelogs, cluster)
    if (!this.#wanted.includes(id)) return
    for (const extent of extents) {
      extent.changelog.topicId = extent.topicId
      this.#follow(extent.changelog, startOf(extent, { store, now }))
    }
    this.#tasks.set(id, changelogs)
  }

  /** Tasks that share a partition are brought up together: what one has already is put once more. */
  #follow(changelog: Changelog, from: number): void {
    const { reader } = this.#options
    const { topic, partition } = changelog
    const followed = this.#followed.get(placeOf(changelog)) ?? []
    const position = followed.length > 0 ? (reader.state(topic, partition)?.position ?? from) : from
    reader.seek(topic, partition, Math.min(from, position))
    followed.push(changelog)
    this.#followed.set(placeOf(changelog), followed)
  }

  #close(id: string): void {
    for (const changelog of this.#tasks.get(id) ?? []) {
      const rest = (this.#followed.get(placeOf(changelog)) ?? []).filter(one => one !== changelog)
      if (rest.length > 0) {
        this.#followed.set(placeOf(changelog), rest)
      } else {
        this.#followed.delete(placeOf(changelog))
        this.#options.reader.remove(changelog.topic, changelog.partition)
      }
    }
    this.#tasks.delete(id)
  }
}

const placeOf = ({ topic, partition }: Changelog) => `${partition} ${topic}`
