import type { Topology, ViewTopic } from '../../engine/index.ts'
import { type DriveOptions, driveTopology, type TopologyDriver } from '../../engine/testing/drive-topology.ts'
import type { Arrival } from './traffic.ts'

export interface RunOptions extends DriveOptions {
  /** A unit of work ends after so many records; default: after all. */
  unitRecords?: number
}

/** Feeds the records in the order of their arrival; those that the topologies do not read are left out. */
export function run(
  topologies: readonly Topology[],
  arrivals: readonly Arrival[],
  options: RunOptions = {}
): TopologyDriver {
  const { unitRecords = Number.POSITIVE_INFINITY, ...drive } = options
  const driver = driveTopology(topologies, { commitEach: false, ...drive })
  const read = new Set(driver.log.topics().map(({ name }) => name))
  for (const [i, { topic, key, value, ts }] of arrivals.entries()) {
    if (read.has(topic.name)) driver.append(topic, key, value, ts)
    if ((i + 1) % unitRecords === 0) driver.commit()
  }
  driver.commit()
  return driver
}

/** What two runs made differently of a view, by its declared class; empty = they agree. */
export function differences<V>(view: ViewTopic<any, V>, one: Map<string, V>, other: Map<string, V>): string[] {
  const { equality } = view
  const tolerance = typeof equality === 'object' ? equality.tolerance : 0
  const keys = new Set([...one.keys(), ...other.keys()])
  return [...keys].flatMap(key => differ(`${view.name}/${key}`, one.get(key), other.get(key), tolerance))
}

/** Numbers may differ by the tolerance, absolutely or of the larger one; lists of rows are compared by name. */
function differ(path: string, a: unknown, b: unknown, tolerance: number): string[] {
  if (typeof a === 'number' && typeof b === 'number') {
    // Times are never near each other: they are the same or not.
    const slack = Math.min(a, b) > 1e11 ? 0 : tolerance * Math.max(1, Math.abs(a), Math.abs(b))
    const isNear = Math.abs(a - b) <= slack
    return isNear ? [] : [`${path}: ${a} or ${b}`]
  }
  if (Array.isArray(a) && Array.isArray(b) && tolerance > 0) return differ(path, byName(a), byName(b), tolerance)
  if (isObject(a) && isObject(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)])
    return [...keys].flatMap(key => differ(`${path}.${key}`, a[key], b[key], tolerance))
  }
  return Object.is(a, b) ? [] : [`${path}: ${JSON.stringify(a)} or ${JSON.stringify(b)}`]
}

function byName(list: unknown[]): Record<string, unknown> {
  return Object.fromEntries(
    list.map((entry, i) => [isObject(entry) ? String(entry.product_id ?? entry.name ?? i) : String(i), entry])
  )
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
