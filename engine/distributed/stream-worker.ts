import { type Clock, systemClock } from '../clock.ts'
import { codeOf, MillraceError } from '../errors.ts'
import { type Faults, noFaults } from '../faults.ts'
import type { Group, Membership, StreamCluster, TaskReader, UnitProducer } from '../ports/cluster.ts'
import { NameIds } from '../stores/name-ids.ts'
import type { StateStore } from '../stores/state-store.ts'
import { type Plan, plan } from '../task/plan.ts'
import { Processing } from '../task/processing.ts'
import { type ViewChange, ViewPublisher } from '../task/views.ts'
import type { Topology } from '../topology.ts'
import { commitClusterUnit } from './commit.ts'
import { Lock } from './lock.ts'
import { Purge } from './purge.ts'
import type { RestoreProgress } from './restore.ts'
import { Standbys } from './standbys.ts'
import { inputLog, TaskSet } from './task-set.ts'
import { Ticker } from './ticker.ts'
import { UnitOutputs } from './unit-outputs.ts'

export interface StreamWorkerOptions {
  topologies: readonly Topology[]
  cluster: StreamCluster
  store: StateStore
  namespace: string
  partitions: number
  ranks?: readonly string[]
  commitIntervalMs: number
  catchUpIntervalMs: number
  cacheBytes: number
  unitBytesMax?: number
  tickIntervalMs?: number
  clock?: Clock
  faults?: Faults
  onCommit?: (changes: readonly ViewChange[], tookMs: number) => void
  onRestore?: (progress: RestoreProgress) => void
  onTasks?: (tasks: readonly string[]) => void
  /** Something went wrong and is being mended by starting over from the committed offsets. */
  onRestart?: (error: MillraceError) => void
}

const sliceMs = 10
const restartPauseMs = 500
const idleWaitMs = 50

/**
 * One member of the group, in one thread: runs its tasks, commits them in one transaction, and hands tasks over when the
 * group says so. There is one way back from any trouble: drop what is not committed, claim anew, read the committed
 * offsets and the changelogs' tails, go on.
 */
export class StreamWorker {
  readonly plan: Plan
  readonly #options: StreamWorkerOptions & {
    clock: Clock
    faults: Faults
    unitBytesMax: number
    tickIntervalMs: number
  }
  readonly #reader: TaskReader
  readonly #outputs: UnitOutputs
  readonly #processing: Processing
  readonly #views: ViewPublisher
  readonly #tasks: TaskSet
  readonly #standbys: Standbys
  readonly #purge: Purge
  readonly #ticker: Ticker
  readonly #group: Group
  /** Slices, commits and changes of membership exclude each other. */
  readonly #lock = new Lock()
  #producer: UnitProducer
  #wanted: Membership | null = null
  #isStopping = false
  #fatal: unknown = null
  #lastCommitMs = 0
  #committedAt = 0

  constructor(options: StreamWorkerOptions) {
    this.#options = { clock: systemClock, faults: noFaults, unitBytesMax: 32 << 20, tickIntervalMs: 10_000, ...options }
    const { cluster, store, namespace, partitions, clock } = this.#options
    const ids = new NameIds(store)
    this.plan = plan(options.topologies, { partitions, namespace, ranks: options.ranks, repartition: 'topics' })
    this.#reader = cluster.reader()
    this.#producer = cluster.producer()
    this.#outputs = new UnitOutputs(this.#producer)
    this.#views = new ViewPublisher(store, name => ids.idOf('view', name))
    this.#processing = new Processing({
      ...this.#options,
      plan: this.plan,
      log: inputLog(this.#reader),
      outputs: this.#outputs,
      storeId: name => ids.idOf('store', name)
    })
    const shared = { cluster, plan: this.plan, namespace, store, ids, now: () => clock.now(), partitions }
    const onRestore = (progress: RestoreProgress) => options.onRestore?.(progress)
    this.#tasks = new TaskSet({
      ...shared,
      group: namespace,
      processing: this.#processing,
      reader: this.#reader,
      onRestore
    })
    this.#standbys = new Standbys({ ...shared, reader: cluster.reader() })
    this.#purge = new Purge(cluster, () => this.#tasks.all())
    const { tickIntervalMs: intervalMs } = this.#options
    this.#ticker = new Ticker({ plan: this.plan, cluster, clock, partitions, intervalMs })
    this.#group = cluster.group(
      this.plan.subTopologies.map(({ name, sources }) => ({ name, topics: sources.map(({ log }) => log) })),
      {
        beforeJoin: membership => this.#lock.run(() => this.#beforeJoin(membership)),
        assigned: membership => {
          this.#wanted = membership
        },
        lost: () => void this.#lock.run(async () => this.#lose()),
        ended: cause => {
          this.#fatal = cause
        },
        standbys: () => this.#standbys.lags()
      }
    )
  }

  get processing(): Processing {
    return this.#processing
  }

  /** Until `stop` or `drain`; throws what only a human can mend. */
  async run(): Promise<void> {
    await this.#producer.claim()
    void this.#group.join().catch(error => {
      this.#fatal ??= error
    })
    while (!this.#isStopping) {
      if (this.#fatal) throw this.#fatal
      const isIdle = await this.#lock.run(() => this.#turn())
      if (isIdle) await Promise.race([this.#reader.arrived(), pause(idleWaitMs)])
      else await immediate()
    }
  }

  /** Commits and stays a member: a restart within the session timeout moves nothing. */
  async stop(): Promise<void> {
    await this.#end(() => this.#group.close())
  }

  /** Commits and leaves; the tasks go to others at once. */
  async drain(): Promise<void> {
    await this.#end(() => this.#group.drain())
  }

  async #end(leave: () => Promise<void> | void): Promise<void> {
    this.#isStopping = true
    await this.#lock.run(async () => {
      const membership = this.#group.membership
      if (membership && this.#wanted === null) await this.#quiesce(membership).catch(() => this.#processing.reset())
    })
    await leave()
    await this.#producer.close().catch(() => undefined)
    this.#reader.close()
    this.#standbys.close()
  }

  /** One turn of work; true when there is nothing to do until something arrives. */
  async #turn(): Promise<boolean> {
    try {
      if (this.#wanted) await this.#adopt(this.#wanted)
      const membership = this.#group.membership
      if (!membership) return true
      await this.#ticker.ifDue(membership)
      await this.#producer.room()
      const isIdle = this.#process()
      if (this.#isCommitDue(isIdle)) await this.#commit(membership)
      this.#standbys.apply()
      await this.#purge.ifDue()
      return isIdle && !this.#processing.isUnitOpen
    } catch (error) {
      await this.#recover(error)
      return true
    }
  }

  /** Processes for a slice; true when no record was there. */
  #process(): boolean {
    const until = performance.now() + sliceMs
    const isOver = () => performance.now() >= until
    do {
      if (!this.#processing.runBatch(isOver)) return false
      if (this.#processing.isUnitFull) return false
    } while (!this.#processing.isIdle && !isOver())
    return this.#processing.isIdle
  }

  #isCommitDue(isIdle: boolean): boolean {
    const { isUnitOpen, isMidBatch, isUnitFull, unitAge } = this.#processing
    const { commitIntervalMs, catchUpIntervalMs, clock } = this.#options
    if (!isUnitOpen)
      return isIdle && clock.monotonic() - this.#committedAt >= commitIntervalMs && this.#hasPassedMarkers
    if (isMidBatch) return false
    const due = isIdle
      ? Math.min(commitIntervalMs, Math.max(this.#lastCommitMs * 5, 5))
      : Math.max(commitIntervalMs, catchUpIntervalMs)
    return isUnitFull || unitAge >= due
  }

  /** Positions that only markers moved are committed too, so that who has read everything has no lag. */
  get #hasPassedMarkers(): boolean {
    return this.#tasks.all().some(({ inputs }) => inputs.some(({ position, committed }) => position > committed))
  }

  async #commit(membership: Membership): Promise<void> {
    const { store, clock, faults, namespace, onCommit } = this.#options
    const started = clock.monotonic()
    const unit = { group: namespace, member: membership, tasks: this.#tasks.all() }
    const context = {
      store,
      producer: this.#producer,
      outputs: this.#outputs,
      views: this.#views,
      faults,
      now: () => clock.now()
    }
    const changes = await commitClusterUnit(unit, context)
    this.#committedAt = clock.monotonic()
    this.#lastCommitMs = this.#committedAt - started
    this.#processing.settled(this.#lastCommitMs)
    onCommit?.(changes, this.#lastCommitMs)
  }

  /** Finishes the batch in work and commits what is open. */
  async #quiesce(membership: Membership): Promise<void> {
    while (this.#processing.isMidBatch) this.#processing.runBatch(() => false)
    if (this.#processing.isUnitOpen) await this.#commit(membership)
  }

  async #beforeJoin(membership: Membership): Promise<void> {
    if (this.#wanted !== null) return
    try {
      await this.#quiesce(membership)
    } catch (error) {
      await this.#recover(error)
    }
  }

  async #adopt(membership: Membership): Promise<void> {
    this.#standbys.release(membership.tasks)
    await this.#tasks.become(membership.tasks)
    this.#standbys.become(membership.standbys)
    if (this.#wanted === membership) this.#wanted = null
    this.#options.onTasks?.(membership.tasks)
  }

  #lose(): void {
    this.#processing.reset()
    this.#tasks.dropAll()
    this.#wanted = null
  }

  /** A bad record costs its unit; everything else goes the restart way. */
  async #recover(error: unknown): Promise<void> {
    this.#processing.reset()
    if (!(error instanceof MillraceError)) throw error
    if (error.remedy === 'skip') {
      this.#processing.noteFailure(error)
      try {
        await this.#producer.abort()
        this.#outputs.clear()
        return
      } catch (failure) {
        return this.#restart(failure)
      }
    }
    if (error.remedy === 'stop' && codeOf(error) !== 'fenced') throw error
    return this.#restart(error)
  }

  /** Claim, committed offsets, changelogs' tails, go on. Whoever was fenced waits for the group to say what is still his. */
  async #restart(error: unknown): Promise<void> {
    if (error instanceof MillraceError) this.#options.onRestart?.(error)
    this.#processing.reset()
    this.#tasks.dropAll()
    await this.#producer.close().catch(() => undefined)
    for (;;) {
      await pause(restartPauseMs)
      if (this.#isStopping || this.#fatal) return
      this.#producer = this.#options.cluster.producer()
      this.#outputs.use(this.#producer)
      try {
        await this.#producer.claim()
        const membership = this.#group.membership
        if (membership && !this.#wanted) this.#wanted = membership
        return
      } catch (failure) {
        if (failure instanceof MillraceError && failure.remedy !== 'stop') continue
        throw failure
      }
    }
  }
}

const immediate = () => new Promise<void>(resolve => setImmediate(resolve))
const pause = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))
