import type { MillraceError } from '../../engine/errors.ts'
import { type Assigned, assignTasks, type Candidate, type TaskGroup, taskOf } from './assignor.ts'
import { backOffMs, pause } from './back-off.ts'
import type { Cluster } from './cluster.ts'
import type { MemberIdentity } from './commit-offsets.ts'
import { isKafka, KafkaError, kafkaError, responseOf, translated } from './errors.ts'
import { filled } from './filled.ts'
import { readAssignment, readSubscription, writeAssignment, writeSubscription } from './group-bytes.ts'
import { protocolOf, protocolType } from './group-protocol.ts'
import { taskIds } from './task-ids.ts'
import { heartbeat, joinGroup, leaveGroup, syncGroup } from './wire.ts'

/** What a worker is in its group; replaced as a whole after each SyncGroup, never changed. */
export interface Membership extends MemberIdentity {
  tasks: readonly string[]
  standbys: readonly string[]
}

export interface GroupOptions {
  group: string
  /** Stable name of the worker: its group.instance.id (KIP-345), and what ties are decided by. */
  instanceId: string
  /** Members of another kind are kept out by the broker: `kafka_group_mixed`. */
  kind?: string
  taskGroups: readonly TaskGroup[]
  standbysPerTask?: number
  /** Without a heartbeat for so long the worker is out; a restart within it moves nothing. */
  sessionTimeoutMs?: number
  /** How long a rebalance waits for a member to commit and join again. */
  rebalanceTimeoutMs?: number
  heartbeatIntervalMs?: number
  /** Tasks whose state is here though they run elsewhere, and how many changelog records it lacks. */
  standbys?: () => ReadonlyMap<string, number>
  /** The last moment of the old generation: commit under it. Heartbeats go on; joining waits for it. */
  beforeJoin?: (membership: Membership) => Promise<void>
  assigned?: (membership: Membership) => void
  /** The tasks are somebody else's already: drop what is not committed. */
  lost?: (cause: MillraceError) => void
  /** It does not join again: a human must act. */
  ended?: (cause: MillraceError) => void
}

const defaults = {
  standbysPerTask: 0,
  sessionTimeoutMs: 30_000,
  rebalanceTimeoutMs: 60_000,
  heartbeatIntervalMs: 3_000
}

interface Joined {
  memberId: string
  generation: number
  assignments: { memberId: string; assignment: Buffer }[]
}

/** Classic group membership (protocol guide, "Consumer Groups"), for who runs what only: reading and committing are others' work. */
export class GroupMember {
  readonly #cluster: Cluster
  readonly #options: typeof defaults & GroupOptions
  readonly #stopping = new AbortController()
  #membership: Membership | undefined
  #memberId = ''
  /** Of the assignment that was last held. */
  #generation = -1
  /** Of the assignment whose tasks the owner still has; -1 after a loss. */
  #heldGeneration = -1
  #owned: readonly string[] = []
  #running: Promise<void> | undefined
  #firstJoin = Promise.withResolvers<Membership>()

  constructor(cluster: Cluster, options: GroupOptions) {
    this.#cluster = cluster
    this.#options = filled(defaults, options)
    this.#firstJoin.promise.catch(() => undefined)
  }

  /** Undefined from sending JoinGroup until SyncGroup is answered, and after a loss: nothing is committed then. */
  get membership(): Membership | undefined {
    return this.#membership
  }

  /** Joins and stays joined; settles with the first assignment. */
  join(): Promise<Membership> {
    this.#running ??= this.#run()
    return this.#firstJoin.promise
  }

  /** Stops heartbeats and stays a member: who comes back under the same name within the session moves nothing (KIP-345). */
  async close(): Promise<void> {
    this.#stopping.abort()
    this.#membership = undefined
    this.#firstJoin.reject(kafkaError('CLOSED', 'joining a group'))
  }

  /** Leaves for good: a static member is taken out by its instance id, and its tasks go to others at once. */
  async drain(): Promise<void> {
    const memberId = this.#memberId
    await this.close()
    const { group, instanceId } = this.#options
    const doing = `leaving group ${group}`
    await this.#cluster.retrying(doing, async () => {
      const link = await this.#cluster.coordinatorLink('group', group)
      try {
        await link.send(leaveGroup, doing, group, [{ memberId, groupInstanceId: instanceId, reason: 'drained' }])
      } catch (error) {
        if (!isKafka(error, 'UNKNOWN_MEMBER_ID')) throw error
      }
    })
    this.#memberId = ''
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const membership = await this.#joinOnce()
        if (signal.aborted) return
        attempt = -1
        this.#checkUnbroken(membership)
        this.#membership = membership
        this.#options.assigned?.(membership)
        this.#firstJoin.resolve(membership)
        await this.#beat(membership)
      } catch (error) {
        if (signal.aborted) return
        const ours = translated(error, `being a member of group ${this.#options.group}`)
        if (this.#onError(ours)) return
        await this.#rest(attempt)
      }
    }
  }

  /**
   * A generation that went by without this member may have given its tasks to somebody, who worked on them and is gone
   * again: what is kept from before is worth nothing then, although the tasks may come back.
   */
  #checkUnbroken({ generation }: Membership): void {
    const held = this.#heldGeneration
    this.#heldGeneration = generation
    if (held < 0 || generation === held || generation === held + 1) return
    this.#options.lost?.(kafkaError('ILLEGAL_GENERATION', `joining group ${this.#options.group} a generation too late`))
  }

  /** True when it is over. */
  #onError(error: MillraceError): boolean {
    const isRejoin = isKafka(error, 'REBALANCE_IN_PROGRESS', 'MEMBER_ID_REQUIRED')
    const had = this.#membership
    this.#membership = undefined
    if (isKafka(error, 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID')) this.#memberId = ''
    if (had && !isRejoin) {
      this.#owned = []
      this.#heldGeneration = -1
      this.#options.lost?.(error)
    }
    if (error.remedy !== 'stop' && error.code !== 'kafka_closed') return false
    this.#options.ended?.(error)
    this.#firstJoin.reject(error)
    return true
  }

  async #rest(attempt: number): Promise<void> {
    if (attempt < 0) return
    try {
      await pause(backOffMs(attempt, this.#cluster.options.backOff), this.#stopping.signal, 'joining a group')
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
    }
  }

  /** Heartbeats on a timer until the group changes; then the last commit of this generation, and out. */
  async #beat(membership: Membership): Promise<void> {
    const { sessionTimeoutMs, heartbeatIntervalMs, beforeJoin } = this.#options
    const { signal } = this.#stopping
    let answeredMs = performance.now()
    let leaving: Promise<void> | undefined
    let hasLeft = false
    while (!hasLeft) {
      await pause(leaving ? Math.min(100, heartbeatIntervalMs) : heartbeatIntervalMs, signal, 'being a member')
      try {
        await this.#heartbeat(membership)
        answeredMs = performance.now()
      } catch (error) {
        const ours = translated(error, 'sending a heartbeat')
        if (isKafka(ours, 'REBALANCE_IN_PROGRESS')) {
          answeredMs = performance.now()
          leaving ??= lastCommit(membership, beforeJoin).finally(() => {
            hasLeft = true
          })
        } else {
          // The broker has taken it out by now. It joins under its old id: had it been replaced, it would be told so.
          const isSilent = performance.now() - answeredMs > sessionTimeoutMs
          if (ours.remedy !== 'retry') throw ours
          if (isSilent) throw kafkaError('ILLEGAL_GENERATION', 'hearing nothing for a whole session')
          this.#cluster.invalidate()
        }
      }
      // A commit that takes no time delays nobody.
      if (leaving && !hasLeft) await Promise.race([leaving, pause(20, signal, 'being a member')])
    }
    this.#membership = undefined
  }

  async #heartbeat({ generation, memberId }: Membership): Promise<void> {
    const { group, instanceId } = this.#options
    const link = await this.#cluster.coordinatorLink('group', group, 'heartbeat')
    await link.send(heartbeat, 'sending a heartbeat', group, generation, memberId, instanceId)
  }

  async #joinOnce(): Promise<Membership> {
    const { group, instanceId } = this.#options
    const joined = await this.#join()
    const doing = `joining group ${group}`
    this.#memberId = joined.memberId
    const link = await this.#cluster.coordinatorLink('group', group, 'join')
    const { assignment } = await link.send(
      syncGroup,
      doing,
      group,
      joined.generation,
      joined.memberId,
      instanceId,
      protocolType,
      protocolOf(this.#options.kind),
      joined.assignments
    )
    const { tasks, standbys } = readAssignment(assignment)
    this.#generation = joined.generation
    this.#owned = tasks
    return Object.freeze({ memberId: joined.memberId, generation: joined.generation, instanceId, tasks, standbys })
  }

  async #join(): Promise<Joined> {
    const { group, instanceId, sessionTimeoutMs, rebalanceTimeoutMs } = this.#options
    const doing = `joining group ${group}`
    const link = await this.#cluster.coordinatorLink('group', group, 'join')
    try {
      const answer = await link.send(
        joinGroup,
        doing,
        group,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        this.#memberId,
        instanceId,
        protocolType,
        [{ name: protocolOf(this.#options.kind), metadata: this.#subscription() }],
        null
      )
      const isLeader = answer.leader === answer.memberId && !answer.skipAssignment
      const assignments = isLeader ? await this.#assign(answer.members) : []
      return { memberId: answer.memberId, generation: answer.generationId, assignments }
    } catch (error) {
      // KIP-394: a member is told its id first and joins with it.
      const told = responseOf<{ memberId?: string }>((error as Error).cause)?.memberId
      if (isKafka(error, 'MEMBER_ID_REQUIRED') && told) this.#memberId = told
      throw error
    }
  }

  #subscription(): Buffer {
    const { taskGroups, instanceId, standbys } = this.#options
    const topics = [...new Set(taskGroups.flatMap(({ topics }) => topics))].sort()
    return writeSubscription({
      topics,
      name: instanceId,
      generation: this.#generation,
      owned: this.#owned,
      standbys: standbys?.() ?? new Map()
    })
  }

  /** The leader shares out the tasks (protocol guide, "Consumer Groups"). */
  async #assign(members: readonly { memberId: string; metadata: Buffer }[]) {
    const candidates = members.map(({ memberId, metadata }): Candidate => ({ memberId, ...readSubscription(metadata) }))
    const assigned = assignTasks(
      await taskIds(this.#cluster, this.#options.taskGroups),
      candidates,
      this.#options.standbysPerTask
    )
    const topics = new Map(this.#options.taskGroups.map(({ name, topics }) => [name, topics]))
    const topicsOf = (task: string) => topics.get(taskOf(task).name) ?? []
    return [...assigned].map(([memberId, share]: [string, Assigned]) => ({
      memberId,
      assignment: writeAssignment(share, topicsOf)
    }))
  }
}

/** Joining again is right whether it succeeds or not: who could not commit aborts. */
async function lastCommit(membership: Membership, beforeJoin: GroupOptions['beforeJoin']): Promise<void> {
  try {
    await beforeJoin?.(membership)
  } catch (error) {
    translated(error, 'committing before a rebalance')
  }
}
