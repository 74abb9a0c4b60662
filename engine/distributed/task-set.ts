import { stop } from '../errors.ts'
import type { Log, TopicPartition } from '../log/log.ts'
import type { CommittedPositions, StreamCluster, TaskReader } from '../ports/cluster.ts'
import type { NameIds } from '../stores/name-ids.ts'
import type { StateStore } from '../stores/state-store.ts'
import type { Input } from '../task/inputs.ts'
import type { Plan, SubTopology } from '../task/plan.ts'
import { type Processing, ticksSource } from '../task/processing.ts'
import type { StepTask } from '../task/step-task.ts'
import { type Changelog, changelogsOf } from './changelogs.ts'
import { restoreTimes } from './commit.ts'
import { type RestoreProgress, restore } from './restore.ts'

/** One sub-topology in one partition, as a worker runs it. */
export interface WorkerTask {
  id: string
  sub: SubTopology
  partition: number
  steps: StepTask[]
  inputs: Input[]
  changelogs: Changelog[]
}

export interface TaskSetOptions {
  cluster: StreamCluster
  plan: Plan
  namespace: string
  group: string
  partitions: number
  store: StateStore
  ids: NameIds
  processing: Processing
  /** Of inputs; restores have one of their own. */
  reader: TaskReader
  now: () => number
  onRestore: (progress: RestoreProgress) => void
}

/** The tasks of a worker. What it keeps through a rebalance keeps stores, caches and positions; only what moved is touched. */
export class TaskSet {
  readonly #options: TaskSetOptions
  readonly #tasks = new Map<string, WorkerTask>()
  readonly #ticks = new Map<number, Input>()

  constructor(options: TaskSetOptions) {
    this.#options = options
  }

  all(): WorkerTask[] {
    return [...this.#tasks.values()]
  }

  /** Gives up what is not in the list and takes over what is new: committed offsets first, then the changelogs' tails. */
  async become(ids: readonly string[]): Promise<void> {
    for (const task of this.all()) if (!ids.includes(task.id)) this.#drop(task)
    const added = ids.filter(id => !this.#tasks.has(id)).map(id => this.#named(id))
    await this.#take(added)
    this.#matchTicks()
    this.#options.processing.begin()
  }

  /** Everything is given up; the rows stay where they are, for the next time. */
  dropAll(): void {
    for (const task of this.all()) this.#drop(task)
    this.#matchTicks()
  }

  async #take(added: Pick<WorkerTask, 'id' | 'sub' | 'partition'>[]): Promise<void> {
    if (added.length === 0) return
    const { cluster, group, processing, store, now, onRestore, namespace, ids } = this.#options
    const wanted = added.flatMap(({ sub, partition }) => sub.sources.map(({ log }) => ({ topic: log, partition })))
    const committed = await cluster.committed(group, wanted)
    const starts = await cluster.offsets(wanted, 'earliest')
    const changelogs = new Map(
      added.map(({ id, sub, partition }) => [
        id,
        sub.steps.flatMap(step => changelogsOf(step, partition, namespace, ids))
      ])
    )
    const reader = cluster.reader()
    try {
      await restore([...changelogs.values()].flat(), { cluster, reader, store, now, onProgress: onRestore })
    } finally {
      reader.close()
    }
    for (const { id, sub, partition } of added) {
      const steps = processing.addTasks(sub.steps, partition)
      const inputs = sub.sources.map(source =>
        processing.addInput(source, partition, startOf({ topic: source.log, partition }, committed, starts))
      )
      restoreTimes(steps, inputs, committed)
      this.#tasks.set(id, { id, sub, partition, steps, inputs, changelogs: changelogs.get(id) ?? [] })
    }
  }

  #drop(task: WorkerTask): void {
    const { processing, reader } = this.#options
    processing.dropTasks(task.sub.steps, task.partition)
    for (const input of task.inputs) {
      processing.merger.remove(input)
      reader.remove(input.source.log, input.partition)
    }
    this.#tasks.delete(task.id)
  }

  /** One input of ticks per partition that any task has, from the last few on: time only goes forward. */
  #matchTicks(): void {
    const { processing, reader, partitions } = this.#options
    const source = ticksSource(partitions)
    const wanted = new Set(this.all().map(({ partition }) => partition))
    for (const [partition, input] of this.#ticks) {
      if (wanted.has(partition)) continue
      processing.merger.remove(input)
      reader.remove(source.log, partition)
      this.#ticks.delete(partition)
    }
    for (const partition of wanted) {
      if (!this.#ticks.has(partition) && partition < partitions)
        this.#ticks.set(partition, processing.addInput(source, partition, 0))
    }
  }

  #named(id: string): Pick<WorkerTask, 'id' | 'sub' | 'partition'> {
    const slash = id.lastIndexOf('/')
    const sub = this.#options.plan.subTopologies.find(({ name }) => name === id.slice(0, slash))
    if (!sub) {
      throw stop(
        'task_unknown',
        `The group assigns ${id}, which this release does not have: run the same release on all workers.`
      )
    }
    return { id, sub, partition: Number(id.slice(slash + 1)) }
  }
}

function startOf(
  { topic, partition }: TopicPartition,
  committed: CommittedPositions,
  starts: ReadonlyMap<string, ReadonlyMap<number, number>>
): number {
  return committed.get(topic)?.get(partition)?.offset ?? starts.get(topic)?.get(partition) ?? 0
}

/** A reader as `Input` reads: from a position, which moves on by itself. */
export function inputLog(reader: TaskReader): Pick<Log, 'read' | 'startOffset' | 'endOffset'> {
  return {
    read(topic, partition, fromOffset, bytesMax) {
      if (reader.state(topic, partition)?.position !== fromOffset) reader.seek(topic, partition, fromOffset)
      return reader.read(topic, partition, bytesMax)
    },
    // A position before the log's start is an error of the reader, never a jump.
    startOffset: () => 0,
    endOffset: (topic, partition) => reader.state(topic, partition)?.lastStableOffset ?? 0
  }
}
