import type { Topology } from '../engine/index.ts'
import { basketsTopology } from './baskets.ts'

/** Whatever may have written the view of baskets, wherever purchases are counted from now. */
export const basketWriters: readonly Topology[] = [basketsTopology('events'), basketsTopology('orders')]
