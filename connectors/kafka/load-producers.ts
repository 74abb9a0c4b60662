import type { AppendOptions } from '../../engine/log/log.ts'
import type { Cluster } from './cluster.ts'
import { committedOffsets } from './committed-offsets.ts'
import type { AddressedRecord } from './idempotent-producer.ts'
import type { OutboxOptions } from './outbox.ts'
import { TransactionalProducer } from './transactional-producer.ts'

interface Load {
  producer: TransactionalProducer
  position: string | undefined
  appends: number
}

const loadsOpenMax = 16
const bytesBetweenChecks = 1 << 20

/**
 * Resumable bulk loads: records and the load's position become visible in one transaction. The position is the metadata
 * of an offset that the load commits in a group of its own, so the broker keeps it with the same guarantee.
 */
export class LoadProducers {
  readonly #cluster: Cluster
  readonly #prefix: string
  readonly #options: OutboxOptions
  readonly #loads = new Map<string, Promise<Load>>()

  constructor(cluster: Cluster, prefix: string, options: OutboxOptions) {
    this.#cluster = cluster
    this.#prefix = prefix
    this.#options = options
  }

  /** False when the stored position is already at or past `to`: nothing was written. One append of a load at a time. */
  append(
    topic: string,
    records: readonly AddressedRecord[],
    to: NonNullable<AppendOptions['producer']>
  ): Promise<boolean> {
    const before = this.#loads.get(to.name) ?? this.#open(to.name)
    const next = before.then(load => this.#write(load, { topic, records, to }))
    this.#remember(
      to.name,
      next.then(({ load }) => load)
    )
    return next.then(({ isWritten }) => isWritten)
  }

  /** How far a load has come; whoever else runs it is fenced from then on. */
  async position(name: string): Promise<string | undefined> {
    const load = this.#loads.get(name) ?? this.#open(name)
    this.#remember(name, load)
    return (await load).position
  }

  async close(): Promise<void> {
    const open = [...this.#loads.values()]
    this.#loads.clear()
    for (const outcome of await Promise.allSettled(open)) {
      if (outcome.status === 'fulfilled') await outcome.value.producer.close()
    }
  }

  /** A load that failed is forgotten: the next append claims its id anew and asks where it stands. */
  #remember(name: string, load: Promise<Load>): void {
    this.#loads.delete(name)
    this.#loads.set(name, load)
    load.catch(() => {
      if (this.#loads.get(name) === load) this.#loads.delete(name)
    })
    for (const oldest of this.#loads.keys()) {
      if (this.#loads.size <= loadsOpenMax) break
      this.#loads.delete(oldest)
    }
  }

  async #open(name: string): Promise<Load> {
    const id = this.#idOf(name)
    const producer = new TransactionalProducer(this.#cluster, { ...this.#options, transactionalId: id })
    await producer.claim()
    const offsets = await committedOffsets(this.#cluster, id)
    let position: string | undefined
    let appends = 0
    for (const byPartition of offsets.values()) {
      for (const { offset, metadata } of byPartition.values()) {
        if (metadata !== undefined && isBehind(position, metadata)) position = metadata
        appends = Math.max(appends, offset)
      }
    }
    return { producer, position, appends }
  }

  async #write(
    load: Load,
    { topic, records, to }: { topic: string; records: readonly AddressedRecord[]; to: { name: string; to: string } }
  ): Promise<{ load: Load; isWritten: boolean }> {
    if (!isBehind(load.position, to.to)) return { load, isWritten: false }
    let bytes = 0
    for (const record of records) {
      load.producer.add(topic, record.partition, record)
      bytes += record.value?.length ?? 0
      if (bytes < bytesBetweenChecks) continue
      bytes = 0
      await load.producer.room()
    }
    const offset = load.appends + 1
    const positions = new Map([[topic, new Map([[0, { offset, metadata: to.to }]])]])
    await load.producer.commit({ group: this.#idOf(to.name), positions })
    return { load: { producer: load.producer, position: to.to, appends: offset }, isWritten: true }
  }

  #idOf(name: string): string {
    return `${this.#prefix}load.${name}`
  }
}

/** Positions that are numbers compare as such, others as text. */
function isBehind(stored: string | undefined, to: string): boolean {
  if (stored === undefined) return true
  const isNumeric = /^\d+$/.test(stored) && /^\d+$/.test(to)
  return isNumeric ? BigInt(stored) < BigInt(to) : stored < to
}
