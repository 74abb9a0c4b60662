import { MillraceError, stop } from '../errors.ts'
import type { Log, TopicPartition } from '../log/log.ts'
import type { CommittedPositions, StreamCluster, TaskReader } from '../ports/cluster.ts'
import type { NameIds } from '../stores/name-ids.ts'
import type { StateStore } from '../stores/state-store.ts'
import type { Input } from '../task/inputs.ts'
import type { Plan, SubTopology } from '../task/plan.ts'
import { type Processing, ticks, ticksSource } from '../task/processing.ts'
import type { StepTask } from '../task/step-task.ts'
import type { TaskStopped } from '../task/task-errors.ts'
import { type Changelog, taskChangelogs } from './changelogs.ts'
import { restoreTimes } from './commit.ts'
import { IndexBuilds } from './index-builds.ts'
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
  /** It is left out from here on: a human must act. */
  onStopped: (task: string, error: MillraceError) => void
}

type Named = Pick<WorkerTask, 'id' | 'sub' | 'partition'>

/** Tasks on their way here: their state is being read. */
interface Incoming {
  tasks: Named[]
  restored: WorkerSeed[] | null
  failure: unknown
}

/** All that a task begins with. */
interface WorkerSeed extends Named {
  changelogs: Changelog[]
  starts: Map<string, number>
  committed: CommittedPositions
  ticksStart: number
}

/**
 * The tasks of a worker. What it keeps through a rebalance keeps stores, caches and positions and works on; what is new is
 * restored beside it and joins in when its state is there.
 */
export class TaskSet {
  readonly #options: TaskSetOptions
  readonly #tasks = new Map<string, WorkerTask>()
  readonly #ticks = new Map<number, Input>()
  readonly #indexes: IndexBuilds
  /** Assigned and left out, until they are somebody else's or everything begins anew. */
  readonly #stopped = new Map<string, MillraceError>()
  #incoming: Incoming[] = []

  constructor(options: TaskSetOptions) {
    this.#options = options
    this.#indexes = new IndexBuilds({ cluster: options.cluster, onProgress: options.onRestore })
  }

  all(): WorkerTask[] {
    return [...this.#tasks.values()]
  }

  get stopped(): ReadonlyMap<string, MillraceError> {
    return this.#stopped
  }

  /** Gives up what is not in the list and begins to take over what is new. Only between units. */
  become(ids: readonly string[]): void {
    for (const task of this.all()) if (!ids.includes(task.id)) this.#drop(task)
    for (const id of this.#stopped.keys()) if (!ids.includes(id)) this.#stopped.delete(id)
    for (const incoming of this.#incoming) incoming.tasks = incoming.tasks.filter(({ id }) => ids.includes(id))
    this.#incoming = this.#incoming.filter(({ tasks }) => tasks.length > 0)
    const coming = new Set(this.#incoming.flatMap(({ tasks }) => tasks.map(({ id }) => id)))
    const isHere = (id: string) => this.#tasks.has(id) || coming.has(id) || this.#stopped.has(id)
    const tasks = ids.filter(id => !isHere(id)).map(id => this.#named(id))
    this.#dropTicks()
    this.#options.processing.begin()
    if (tasks.length > 0) this.#take({ tasks, restored: null, failure: null })
  }

  /** Tasks whose state has come join the others; throws what kept one from it. Only between units. */
  admit(): boolean {
    for (const incoming of this.#incoming) if (incoming.failure !== null) this.#failed(incoming)
    const hasBuilt = this.#indexes.finish()
    const here = this.#incoming.filter(({ restored }) => restored !== null)
    if (here.length === 0) return hasBuilt
    this.#incoming = this.#incoming.filter(({ restored }) => restored === null)
    for (const { tasks, restored } of here)
      for (const seed of restored ?? []) if (tasks.some(({ id }) => id === seed.id)) this.#admit(seed)
    this.#options.processing.begin()
    return true
  }

  /** Leaves the task out that needs a human; false where it is none of these. Only between units. */
  halt(error: TaskStopped): boolean {
    const { input, step } = error.at
    const task = this.all().find(
      ({ inputs, steps }) => (input && inputs.includes(input)) || (step && steps.includes(step))
    )
    if (!task) return false
    this.#drop(task)
    this.#dropTicks()
    this.#stop(task.id, error)
    return true
  }

  #stop(id: string, error: MillraceError): void {
    this.#stopped.set(id, error)
    this.#options.onStopped(id, error)
  }

  /** Several restore together: each is tried by itself, so that those without fault come through. */
  #failed(incoming: Incoming): void {
    const { tasks, failure } = incoming
    if (!(failure instanceof MillraceError) || failure.remedy !== 'stop') throw failure
    this.#incoming = this.#incoming.filter(other => other !== incoming)
    if (tasks.length > 1) for (const task of tasks) this.#take({ tasks: [task], restored: null, failure: null })
    else for (const { id } of tasks) this.#stop(id, failure)
  }

  /** Indexes hold what a unit that was given up had read: those are built anew, up to the committed offsets. */
  rebuildIndexes(): void {
    for (const task of this.all()) if (IndexBuilds.isNeeded(task)) this.#indexes.begin(task)
  }

  /** Everything is given up; the rows stay where they are, for the next time. */
  dropAll(): void {
    for (const task of this.all()) this.#drop(task)
    for (const incoming of this.#incoming) incoming.tasks = []
    this.#incoming = []
    this.#stopped.clear()
    this.#dropTicks()
  }

  #take(incoming: Incoming): void {
    this.#incoming.push(incoming)
    this.#restore(incoming).then(
      restored => {
        incoming.restored = restored
      },
      error => {
        incoming.failure = error
      }
    )
  }

  /** Committed offsets first, which waits for open transactions; then the changelogs' tails; nothing is read before. */
  async #restore(incoming: Incoming): Promise<WorkerSeed[]> {
    const { cluster, group, plan, store, now, onRestore, namespace, ids, partitions } = this.#options
    const tasks = [...incoming.tasks]
    const inputs = tasks.flatMap(({ sub, partition }) => sub.sources.map(({ log }) => ({ topic: log, partition })))
    const committed = await cluster.committed(group, inputs)
    const ticked = [...new Set(tasks.map(({ partition }) => partition))].filter(partition => partition < partitions)
    const starts = await cluster.offsets(
      [...inputs, ...ticked.map(partition => ({ topic: ticks, partition }))],
      'earliest'
    )
    const seeds = tasks.map(task => ({
      ...task,
      committed,
      changelogs: taskChangelogs(plan, task.id, namespace, ids),
      starts: new Map(
        task.sub.sources.map(({ log }) => [log, startOf({ topic: log, partition: task.partition }, committed, starts)])
      ),
      ticksStart: starts.get(ticks)?.get(task.partition) ?? 0
    }))
    const owners = new Map(seeds.flatMap(({ id, changelogs }) => changelogs.map(one => [one, id] as const)))
    const isWanted = (one: Changelog) => incoming.tasks.some(({ id }) => id === owners.get(one))
    const reader = cluster.reader('restore')
    try {
      await restore([...owners.keys()], { cluster, reader, store, now, onProgress: onRestore, isWanted })
    } finally {
      reader.close()
    }
    return seeds
  }

  #admit({ id, sub, partition, changelogs, starts, committed, ticksStart }: WorkerSeed): void {
    const { processing } = this.#options
    const steps = processing.addTasks(sub.steps, partition)
    const inputs = sub.sources.map(source => processing.addInput(source, partition, starts.get(source.log) ?? 0, id))
    const ticksOffset = restoreTimes(steps, inputs, committed)
    const task = { id, sub, partition, steps, inputs, changelogs }
    this.#tasks.set(id, task)
    if (IndexBuilds.isNeeded(task)) this.#indexes.begin(task)
    this.#addTicks(partition, Math.max(ticksStart, ticksOffset))
  }

  #drop(task: WorkerTask): void {
    const { processing } = this.#options
    processing.dropTasks(task.sub.steps, task.partition)
    this.#indexes.drop(task.id)
    for (const input of task.inputs) this.#remove(input)
    this.#tasks.delete(task.id)
  }

  #remove(input: Input): void {
    this.#options.processing.removeInput(input)
    this.#options.reader.remove(input.source.log, input.partition)
  }

  /**
   * One input of ticks per partition that any task has. It goes back to the oldest that one of them has not seen: time only
   * goes forward, so that seeing one twice changes nothing.
   */
  #addTicks(partition: number, offset: number): void {
    const { processing, partitions } = this.#options
    if (partition >= partitions) return
    const known = this.#ticks.get(partition)
    if (known && known.position <= offset) return
    if (known) known.seek(offset)
    else this.#ticks.set(partition, processing.addInput(ticksSource(partitions), partition, offset))
  }

  /** Of a task's partition: the next tick it has not seen. */
  ticksPosition(partition: number): number {
    return this.#ticks.get(partition)?.position ?? 0
  }

  #dropTicks(): void {
    const wanted = new Set(this.all().map(({ partition }) => partition))
    for (const [partition, input] of this.#ticks) {
      if (wanted.has(partition)) continue
      this.#remove(input)
      this.#ticks.delete(partition)
    }
  }

  #named(id: string): Named {
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
