import { codeOf, MillraceError } from '../errors.ts'
import type { Group, Membership, TaskReader, UnitProducer } from '../ports/cluster.ts'
import { NameIds } from '../stores/name-ids.ts'
import { type Plan, plan } from '../task/plan.ts'
import { Processing } from '../task/processing.ts'
import { TaskStopped } from '../task/task-errors.ts'
import { ViewPublisher } from '../task/views.ts'
import { commitClusterUnit } from './commit.ts'
import { Lock } from './lock.ts'
import { Pace } from './pace.ts'
import { processSlice } from './process-slice.ts'
import { Purge } from './purge.ts'
import type { RestoreProgress } from './restore.ts'
import { Standbys } from './standbys.ts'
import { type StreamWorkerOptions, settingsOf, type WorkerSettings } from './stream-worker-options.ts'
import { inputLog, TaskSet } from './task-set.ts'
import { Ticker } from './ticker.ts'
import { UnitOutputs } from './unit-outputs.ts'

const barredMs = 20
const restartPauseMs = 100

/** Whether there is more to do at once, only when something arrives, or nothing until the group or the log says so. */
type Turn = 'busy' | 'idle' | 'barred'

/**
 * One member of the group, in one thread: runs its tasks, commits them in one transaction, and hands tasks over when the
 * group says so. There is one way back from any trouble: drop what is not committed, claim anew, read the committed
 * offsets and the changelogs' tails, go on.
 */
export class StreamWorker {
  readonly plan: Plan
  readonly #options: WorkerSettings
  readonly #reader: TaskReader
  readonly #outputs: UnitOutputs
  readonly #processing: Processing
  readonly #views: ViewPublisher
  readonly #tasks: TaskSet
  readonly #standbys: Standbys
  readonly #purge: Purge
  readonly #pace: Pace
  readonly #ticker: Ticker
  readonly #group: Group
  /** Slices, commits and changes of membership exclude each other. */
  readonly #lock = new Lock()
  #producer: UnitProducer
  /** Assigned and not yet taken over. */
  #wanted: Membership | null = null
  /** The last commit of a generation is done and the next one not yet assigned: nothing may be begun. */
  #isBetween = false
  /** What the way back has to be taken for: before that nothing goes on. */
  #trouble: unknown = null
  #isStopping = false
  #fatal: unknown = null

  constructor(options: StreamWorkerOptions) {
    this.#options = settingsOf(options)
    const { cluster, store, namespace, partitions, clock } = this.#options
    const ids = new NameIds(store)
    const { topologies, ranks, logNames } = options
    this.plan = plan(topologies, { partitions, namespace, ranks, logNames, repartition: 'topics' })
    this.#reader = cluster.reader('inputs')
    this.#producer = cluster.producer()
    this.#outputs = new UnitOutputs(this.#producer)
    this.#processing = new Processing({
      ...this.#options,
      plan: this.plan,
      buildsIndexes: false,
      onWaiting: error => options.onTrouble?.(error),
      log: inputLog(this.#reader),
      outputs: this.#outputs,
      storeId: name => ids.idOf('store', name)
    })
    this.#views = new ViewPublisher(store, name => ids.idOf('view', name), this.#processing.deadLetters)
    const shared = { cluster, plan: this.plan, namespace, store, ids, now: () => clock.now(), partitions }
    const onRestore = (progress: RestoreProgress) => options.onRestore?.(progress)
    this.#tasks = new TaskSet({
      ...shared,
      group: namespace,
      processing: this.#processing,
      reader: this.#reader,
      onRestore,
      onStopped: (task, error) => options.onStopped?.(task, error)
    })
    const onTrouble = (error: unknown) => options.onTrouble?.(error)
    this.#standbys = new Standbys({ ...shared, reader: cluster.reader('standbys'), onTrouble })
    const { tickIntervalMs, purgeIntervalMs } = this.#options
    this.#purge = new Purge({ cluster, tasks: () => this.#tasks.all(), intervalMs: purgeIntervalMs, onTrouble })
    this.#pace = new Pace({ ...this.#options, processing: this.#processing })
    this.#ticker = new Ticker({ plan: this.plan, cluster, clock, partitions, intervalMs: tickIntervalMs })
    this.#group = cluster.group(
      this.plan.subTopologies.map(({ name, sources }) => ({ name, topics: sources.map(({ log }) => log) })),
      {
        beforeJoin: membership => this.#lock.run(() => this.#beforeJoin(membership)),
        assigned: membership => {
          this.#wanted = membership
          this.#isBetween = false
        },
        lost: cause => {
          this.#wanted = null
          this.#isBetween = false
          this.#trouble = cause
        },
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

  /** Tasks that are left out until a human has acted, and why. */
  get stopped(): ReadonlyMap<string, MillraceError> {
    return this.#tasks.stopped
  }

  /** Until `stop` or `drain`; throws what only a human can mend. */
  async run(): Promise<void> {
    try {
      await this.#producer.claim()
      void this.#group.join().catch(error => {
        this.#fatal ??= error
      })
      while (!this.#isStopping) {
        if (this.#fatal) throw this.#fatal
        await this.#rest(await this.#lock.run(() => this.#turn()))
      }
    } catch (error) {
      // Whatever was under way when the end was asked for is given up with the rest that is not committed.
      if (this.#isStopping) return
      this.#abandon()
      throw error
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
      const canCommit = this.#wanted === null && this.#trouble === null && !this.#isBetween
      if (membership && canCommit) await this.#quiesce(membership).catch(() => this.#processing.reset())
    })
    await leave()
    await this.#producer.close().catch(() => undefined)
    this.#tasks.dropAll()
    this.#reader.close()
    this.#standbys.close()
  }

  /** Else the group would go on believing that somebody works here. */
  #abandon(): void {
    void this.#group.close()
    this.#tasks.dropAll()
    this.#reader.close()
    this.#standbys.close()
  }

  /** Timers and sockets get their turn in any case. */
  async #rest(turn: Turn): Promise<void> {
    await immediate()
    if (turn === 'barred') await pause(barredMs)
    if (turn === 'idle') await Promise.race([this.#reader.arrived(), pause(this.#pace.waitMs)])
  }

  async #turn(): Promise<Turn> {
    try {
      if (this.#trouble !== null) await this.#restart()
      if (this.#trouble !== null) return 'barred'
      if (this.#wanted) this.#adopt(this.#wanted)
      const membership = this.#group.membership
      if (!membership || this.#isBetween) return 'barred'
      if (!this.#processing.isUnitOpen && this.#tasks.admit()) this.#options.onTasks?.(membership.tasks)
      await this.#ticker.ifDue(membership)
      await this.#producer.room()
      const isIdle = processSlice(this.#processing)
      if (this.#pace.isCommitDue(isIdle)) await this.#commit(membership)
      this.#standbys.apply()
      this.#purge.ifDue()
      return isIdle ? 'idle' : 'busy'
    } catch (error) {
      await this.#recover(error)
      return this.#trouble === null ? 'busy' : 'barred'
    }
  }

  async #commit(membership: Membership): Promise<void> {
    const { store, clock, faults, namespace, onCommit } = this.#options
    const started = clock.monotonic()
    const ticksPosition = (partition: number) => this.#tasks.ticksPosition(partition)
    const unit = { group: namespace, member: membership, tasks: this.#tasks.all(), ticksPosition }
    const context = {
      store,
      producer: this.#producer,
      outputs: this.#outputs,
      views: this.#views,
      faults,
      now: () => clock.now()
    }
    const ageMs = this.#processing.unitAge
    const { changes, bytes } = await commitClusterUnit(unit, context)
    const tookMs = clock.monotonic() - started
    this.#processing.settled(tookMs)
    this.#pace.committed({ tookMs, bytes, ageMs: ageMs || 0 })
    onCommit?.(changes, tookMs)
  }

  /** Finishes the batch in work and commits what is open. */
  async #quiesce(membership: Membership): Promise<void> {
    while (this.#processing.isMidBatch) this.#processing.runBatch(() => false)
    if (this.#processing.isUnitOpen) await this.#commit(membership)
  }

  /** A unit that cannot be committed now never will be: it is given up once the group has said what is whose. */
  async #beforeJoin(membership: Membership): Promise<void> {
    try {
      if (this.#wanted === null && this.#trouble === null) await this.#quiesce(membership)
    } catch (error) {
      this.#trouble ??= error
    }
    // Lost meanwhile, it is about a membership that is over.
    if (this.#group.membership === membership) this.#isBetween = true
  }

  #adopt(membership: Membership): void {
    this.#wanted = null
    this.#standbys.release(membership.tasks)
    this.#tasks.become(membership.tasks)
    this.#standbys.become(membership.standbys)
    this.#options.onTasks?.(membership.tasks)
  }

  /** A bad record, and a task that needs a human, cost the unit; everything else goes the restart way. */
  async #recover(error: unknown): Promise<void> {
    this.#processing.reset()
    if (!isRestartable(error)) throw error
    if (error instanceof TaskStopped) {
      if (!this.#tasks.halt(error)) throw error
    } else if (error.remedy === 'skip') {
      this.#processing.noteFailure(error)
    } else {
      this.#trouble ??= error
      return
    }
    try {
      await this.#producer.abort()
      this.#outputs.clear()
      this.#tasks.rebuildIndexes()
    } catch (failure) {
      this.#trouble ??= failure
    }
  }

  /**
   * The way back: everything uncommitted is dropped, then claim, committed offsets, changelogs' tails, go on. Whoever was
   * fenced takes over what the group says is still his, and is fenced again if that was old news.
   */
  async #restart(): Promise<void> {
    const { cluster, onRestart } = this.#options
    const cause = this.#trouble
    if (!isRestartable(cause)) throw cause
    onRestart?.(cause)
    this.#processing.reset()
    this.#tasks.dropAll()
    await this.#producer.close().catch(() => undefined)
    await pause(restartPauseMs)
    this.#producer = cluster.producer()
    this.#outputs.use(this.#producer)
    try {
      await this.#producer.claim()
      // A loss that came meanwhile leaves nothing behind here, and says so by the membership.
      this.#trouble = null
      this.#wanted ??= this.#group.membership ?? null
    } catch (failure) {
      this.#trouble = failure
    }
  }
}

/** False where only a human can mend it, and it is about more than one task. A task's own trouble shows itself again. */
function isRestartable(error: unknown): error is MillraceError {
  if (!(error instanceof MillraceError)) return false
  return error.remedy !== 'stop' || codeOf(error) === 'fenced' || error instanceof TaskStopped
}

const immediate = () => new Promise<void>(resolve => setImmediate(resolve))
const pause = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))
