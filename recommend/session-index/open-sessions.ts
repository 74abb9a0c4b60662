import type { SessionIndex } from './session-index.ts'

const sessionsBetweenSweeps = 4096

/**
 * Session numbers by key, of those that may still get events; a key in a map costs ten times what its session does. Keys of
 * the others are let go of with every 4,096th session, counted from the first of the index: so a late event finds the same
 * sessions open on every server and after every restart.
 */
export class OpenSessions {
  private readonly numbers = new Map<string, number>()
  private readonly index: SessionIndex
  private readonly idleMaxS: number

  /** `idleMaxS`: longer than the pause that ends a session, by as much as events may be late. */
  constructor(index: SessionIndex, idleMaxS: number) {
    this.index = index
    this.idleMaxS = idleMaxS
  }

  get count(): number {
    return this.numbers.size
  }

  /** −1: not open. */
  find(key: string): number {
    return this.numbers.get(key) ?? -1
  }

  /** The session's number; it starts with this event if it is not open. */
  numberOf(key: string, timeS: number, topicOffset: number): number {
    const open = this.numbers.get(key)
    if (open !== undefined && this.index.sessions.has(open)) return open
    if (this.index.sessions.next % sessionsBetweenSweeps === 0) this.sweep()
    const session = this.index.startSession(timeS, topicOffset)
    this.numbers.set(key, session)
    return session
  }

  entries(): IterableIterator<[string, number]> {
    return this.numbers.entries()
  }

  /** Of a session that was erased. */
  forget(key: string): void {
    this.numbers.delete(key)
  }

  /** After a snapshot was loaded. */
  restore(entries: Iterable<readonly [string, number]>): void {
    for (const [key, session] of entries) this.numbers.set(key, session)
  }

  private sweep(): void {
    const { sessions, now } = this.index
    for (const [key, session] of this.numbers) {
      if (!sessions.has(session) || sessions.timeOf(session) < now - this.idleMaxS) this.numbers.delete(key)
    }
  }
}
