import type { Interaction } from '../../schemas/interaction.ts'
import type { Changes, Touched } from '../ports.ts'

interface Keys {
  sessions: ReadonlySet<string>
  users: ReadonlySet<string>
  items: ReadonlySet<string>
}

type Listener = (touched: Touched) => void

/** Tells subscribers whose answers may differ: at once for a visitor's own events, with the commit for everything else. */
export class ChangeFeed implements Changes {
  readonly #listeners = new Set<Listener>()
  #sessions = new Set<string>()
  #users = new Set<string>()
  #items = new Set<string>()

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Keys of rows that were just applied; told with `publish`. */
  rows({ sessions, users, items }: Keys): void {
    if (this.#listeners.size === 0) return
    for (const key of sessions) this.#sessions.add(key)
    for (const key of users) this.#users.add(key)
    for (const key of items) this.#items.add(key)
  }

  publish(): void {
    if (this.#sessions.size + this.#users.size + this.#items.size === 0) return
    const touched: Touched = { sessions: this.#sessions, users: this.#users, items: this.#items, everybody: null }
    this.#sessions = new Set()
    this.#users = new Set()
    this.#items = new Set()
    this.#tell(touched)
  }

  own(events: readonly Interaction[]): void {
    if (this.#listeners.size === 0) return
    const sessions = new Set(events.flatMap(({ session_id }) => session_id ?? []))
    const users = new Set(events.flatMap(({ user_id }) => user_id ?? []))
    this.#tell({ sessions, users, items: new Set(), everybody: null })
  }

  #tell(touched: Touched): void {
    for (const listener of this.#listeners) listener(touched)
  }
}
