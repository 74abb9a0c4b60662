import { stop } from '../../engine/errors.ts'
import { type Derived, FlowDrain, lagOf } from './flow-drain.ts'
import type { LogPositions } from './log-positions.ts'

export interface UntilProcessedOptions {
  derived: Derived
  log: LogPositions
  /** Of the consumer group, now. */
  members: () => Promise<number>
  /** Records at most that are still to be processed; 0 at last. */
  onProgress?: (left: number) => void
  /** There is nobody who could process them. */
  onNobody?: () => void
  pollMs?: number
  /** How long without any progress is waited for: while the group has no member, and while it has some. */
  patienceMs?: { nobody: number; somebody: number }
}

const pollMsDefault = 100
const membersEveryMs = 2_000
/** Members that restore their state commit nothing meanwhile. */
const patienceDefault = { nobody: 60_000, somebody: 900_000 }

/** Settles when the streams have processed everything that is on the log now, and all that comes of it. */
export async function untilProcessed(options: UntilProcessedOptions): Promise<void> {
  const { derived, log, onProgress, onNobody, pollMs = pollMsDefault, patienceMs = patienceDefault } = options
  const topics = [...derived.keys()]
  const drain = new FlowDrain(derived)
  const watch = new Watch(options.members)
  for (;;) {
    const committed = await log.committed(topics)
    const ends = await log.ends(topics)
    drain.advance(committed, ends)
    if (drain.isDone) {
      onProgress?.(0)
      return
    }
    const left = lagOf(committed, ends, topics)
    onProgress?.(left)
    const isIdleMs = watch.progressed(drain.standing(committed))
    const members = await watch.memberCount()
    if (members === 0) onNobody?.()
    if (isIdleMs > (members === 0 ? patienceMs.nobody : patienceMs.somebody)) throw stuck({ left, members, isIdleMs })
    await new Promise(resolve => setTimeout(resolve, pollMs))
  }
}

class Watch {
  readonly #ask: () => Promise<number>
  #standing = ''
  #sinceMs = performance.now()
  #members = 1
  #askedMs = performance.now()

  constructor(ask: () => Promise<number>) {
    this.#ask = ask
  }

  /** How long it has stood there. */
  progressed(standing: string): number {
    if (standing !== this.#standing) this.#sinceMs = performance.now()
    this.#standing = standing
    return performance.now() - this.#sinceMs
  }

  /** As of the last time that it was asked. */
  async memberCount(): Promise<number> {
    if (performance.now() - this.#askedMs < membersEveryMs) return this.#members
    this.#members = await this.#ask()
    this.#askedMs = performance.now()
    return this.#members
  }
}

function stuck({ left, members, isIdleMs }: { left: number; members: number; isIdleMs: number }) {
  const who = members === 0 ? 'no stream worker has run' : `the ${members} stream workers have not gone on`
  return stop(
    'records_not_processed',
    `The records are on the log, but ${who} for ${Math.round(isIdleMs / 1000)} s, and up to ${left} are to be processed: start millrace stream or see its log, then run the command again, which appends nothing twice.`
  )
}
