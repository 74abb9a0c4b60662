import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../schemas/config.ts'

export type Ends = {
  topics(): { name: string; partitions: number }[]
  endOffset(topic: string, partition: number): number
}

/** As `auto` says: orders once that table is fed; without a log, what a release is described by. */
export function purchaseSourceOf({ purchase_source }: Config, log: Ends | null): 'orders' | 'events' {
  if (purchase_source !== 'auto') return purchase_source
  const orders = log?.topics().find(({ name }) => name === 'orders')
  const isFed = orders && Array.from({ length: orders.partitions }, (_, i) => log?.endOffset('orders', i)).some(Boolean)
  return log === null || isFed ? 'orders' : 'events'
}

export async function topologiesOf(config: Config, log: Ends | null = null) {
  const { allTopologies } = await import('../topologies/index.ts')
  return allTopologies({ purchaseSource: purchaseSourceOf(config, log) })
}

const topologiesFile = 'topologies.json'

/** What ran when the directory was first used, for `topology diff`. */
export async function keepTopologies(config: Config): Promise<void> {
  const path = join(config.data_dir, topologiesFile)
  if (existsSync(path)) return
  const { composeTopologyBook } = await import('./compose-books.ts')
  const { descriptions } = composeTopologyBook(await topologiesOf(config))
  writeFileSync(path, `${JSON.stringify(descriptions, null, 2)}\n`)
}

export function readTopologies(directory: string): unknown {
  try {
    return JSON.parse(readFileSync(join(directory, topologiesFile), 'utf8'))
  } catch {
    return null // None were kept, or the file is no longer whole.
  }
}
