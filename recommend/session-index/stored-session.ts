import type { RunningSession } from './running-session.ts'
import type { SessionIndex } from './session-index.ts'

/** A session as the index has it, to ask about; used again for the next one. */
export class StoredSession implements RunningSession {
  items = new Int32Array(64)
  count = 0
  session = -1
  readonly firstStep = 1

  read(index: SessionIndex, session: number): this {
    const { sessions } = index
    this.session = session
    this.count = sessions.lengthOf(session)
    if (this.count > this.items.length) this.items = new Int32Array(this.count * 2)
    if (this.count === 0) return this
    const offset = sessions.offsetOf(session)
    const { words } = sessions.slices
    for (let i = 0; i < this.count; i++) this.items[i] = words[offset + i]
    return this
  }
}
