import { createHash } from 'node:crypto'
import * as topics from '../../schemas/topics.ts'
import { allTopologies } from '../index.ts'
import { run } from './run.ts'
import { traffic } from './traffic.ts'

/** What topologies keep of this traffic; nobody asks to be forgotten in it: `erasures.test.ts`. */
export const trafficViews = Object.values(topics)
  .filter(topic => topic.kind === 'view')
  .filter(view => view.name !== 'erasures')

/** Of all views that a fixed traffic leaves: the same on every runtime and machine. */
export function trafficDigest(): string {
  const driver = run(allTopologies({ purchaseSource: 'orders' }), traffic(1, { purchaseEvents: true }), {
    unitRecords: 30
  })
  const hash = createHash('sha256')
  for (const view of trafficViews) {
    const rows = [...driver.viewAll(view as any)].sort(([a], [b]) => (a < b ? -1 : 1))
    hash.update(JSON.stringify([view.name, rows]))
  }
  return hash.digest('hex').slice(0, 16)
}
