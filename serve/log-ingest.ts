import type { NewRecord } from '../engine/log/log.ts'
import type { Topic } from '../engine/topic.ts'
import type { TableName } from '../schemas/http.ts'
import { type Interaction, interactionKey } from '../schemas/interaction.ts'
import { interactions, merges, orderItems, orders, products, users } from '../schemas/topics.ts'
import type { Ingest, RowChange, TableRows, Written } from './ports.ts'

const tables: { [T in TableName]: { topic: Topic<any, any>; timeOf: (row: TableRows[T]) => number | null } } = {
  products: { topic: products, timeOf: row => row.updated_at },
  users: { topic: users, timeOf: row => row.updated_at },
  orders: { topic: orders, timeOf: row => row.order_ts },
  'order-items': { topic: orderItems, timeOf: () => null }
}

export interface LogIngestOptions {
  /** Durable when kept; answers with the token of the write. */
  append: (topic: string, records: NewRecord[]) => Promise<string>
  now: () => number
  /** Called with events once they are durable: they count in their session's next answer. */
  onEvents: (events: readonly Interaction[]) => void
  /** Called before the first rows of a table are written. */
  beforeRows?: (table: TableName) => Promise<void>
}

/** Writes what the edge has accepted to the log. */
export class LogIngest implements Ingest {
  readonly #options: LogIngestOptions

  constructor(options: LogIngestOptions) {
    this.#options = options
  }

  async appendEvents(events: Interaction[]): Promise<Written> {
    const records = events.map(event => ({
      key: interactionKey(event),
      value: interactions.value.encode(event),
      timestamp: event.ts
    }))
    const written = await this.#append(interactions.name, records)
    this.#options.onEvents(events)
    return written
  }

  async appendRows<T extends TableName>(table: T, changes: RowChange<TableRows[T]>[]): Promise<Written> {
    await this.#options.beforeRows?.(table)
    const { topic, timeOf } = tables[table]
    const now = this.#options.now()
    const records = changes.map(({ key, row }) => ({
      key,
      value: row === null ? null : topic.value.encode(row),
      timestamp: (row === null ? null : timeOf(row)) ?? now
    }))
    return this.#append(topic.name, records)
  }

  merge(userId: string, from: string): Promise<Written> {
    const ts = this.#options.now()
    return this.#append(merges.name, [
      { key: from, value: merges.value.encode({ user_id: userId, ts }), timestamp: ts }
    ])
  }

  async #append(topic: string, records: NewRecord[]): Promise<Written> {
    return { token: await this.#options.append(topic, records) }
  }
}
