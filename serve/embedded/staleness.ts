import type { Metrics } from '../metrics.ts'
import type { Freshness } from '../ports.ts'
import { viewNames } from '../views/view-set.ts'

/** How far each view is behind. They are moved on together, by commit or by what was read last, so that all stand alike. */
export function reportStaleness(freshness: Pick<Freshness, 'state'>, metrics: Pick<Metrics, 'set'>): void {
  const seconds = freshness.state().staleness_ms / 1000
  for (const view of viewNames) metrics.set('millrace_state_staleness_seconds', seconds, [view])
}
