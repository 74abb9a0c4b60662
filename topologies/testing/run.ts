import type { Topology, ViewTopic } from '../../engine/index.ts'
import { type DriveOptions, driveTopology, type TopologyDriver } from '../../engine/testing/drive-topology.ts'
import type { Arrival } from './traffic.ts'

export interface RunOptions extends DriveOptions {
  /** A unit of work ends after so many records; default: after all. */
  unitRecords?: number
  /** Time goes on after the last record by so much, so that what waits is done. */
  thenMs?: number
}

/** Feeds the records in the order of their arrival; those that the topologies do not read are left out. */
export function run(
  topologies: readonly Topology[],
  arrivals: readonly Arrival[],
  options: RunOptions = {}
): TopologyDriver {
  const { unitRecords = Number.POSITIVE_INFINITY, thenMs, ...drive } = options
  const driver = driveTopology(topologies, { commitEach: false, ...drive })
  const read = new Set(driver.log.topics().map(({ name }) => name))
  for (const [i, { topic, key, value, ts }] of arrivals.entries()) {
    if (read.has(topic.name)) driver.append(topic, key, value, ts)
    if ((i + 1) % unitRecords === 0) driver.commit()
  }
  driver.commit()
  if (thenMs !== undefined) {
    driver.tick(Math.max(...arrivals.map(({ ts }) => ts)) + thenMs)
    driver.commit()
  }
  return driver
}

/**
 * What two runs made differently of a view, by its declared class; empty = they agree. `strays`: which share of all rows in
 * its lists may be in one of the two only; else as large as the tolerance.
 */
export function differences<V>(
  view: ViewTopic<any, V>,
  one: Map<string, V>,
  other: Map<string, V>,
  strays?: number
): string[] {
  const { equality } = view
  const comparison = new Comparison(typeof equality === 'object' ? equality.tolerance : 0, strays)
  for (const key of new Set([...one.keys(), ...other.keys()])) {
    comparison.compare(`${view.name}/${key}`, one.get(key), other.get(key))
  }
  return comparison.found()
}

/**
 * Numbers may differ by the tolerance, absolutely or of the larger one; of all rows in the view's lists, which are
 * compared by name, a share may be in one of the two only. Vectors of bytes may be as far apart
 * as that share of their length. Times and counts are the same.
 */
class Comparison {
  readonly #tolerance: number
  readonly #strayShare: number
  readonly #differences: string[] = []
  readonly #strays: string[] = []
  #rows = 0

  constructor(tolerance: number, strayShare = tolerance) {
    this.#tolerance = tolerance
    this.#strayShare = strayShare
  }

  found(): string[] {
    return [...this.#differences, ...(this.#strays.length > this.#rows * this.#strayShare ? this.#strays : [])]
  }

  compare(path: string, a: unknown, b: unknown): void {
    if (typeof a === 'number' && typeof b === 'number') this.#compareNumbers(path, a, b)
    else if (Buffer.isBuffer(a) && Buffer.isBuffer(b)) this.#compareVectors(path, a, b)
    else if (Array.isArray(a) && Array.isArray(b) && this.#tolerance > 0) this.#compareLists(path, a, b)
    else if (isObject(a) && isObject(b)) {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) this.compare(`${path}.${key}`, a[key], b[key])
    } else if (!Object.is(a, b)) this.#differences.push(`${path}: ${JSON.stringify(a)} or ${JSON.stringify(b)}`)
  }

  #compareNumbers(path: string, a: number, b: number): void {
    const isExact = Number.isInteger(a) && Number.isInteger(b)
    const slack = isExact ? 0 : this.#tolerance * Math.max(1, Math.abs(a), Math.abs(b))
    if (Math.abs(a - b) > slack) this.#differences.push(`${path}: ${a} or ${b}`)
  }

  #compareVectors(path: string, a: Buffer, b: Buffer): void {
    const [ours, theirs] = [new Int8Array(a), new Int8Array(b)]
    const lengthOf = (vector: Int8Array) => Math.hypot(...vector)
    const apart = lengthOf(ours.map((x, i) => x - theirs[i]))
    if (apart > this.#tolerance * lengthOf(ours)) this.#differences.push(`${path}: ${apart} apart`)
  }

  #compareLists(path: string, a: unknown[], b: unknown[]): void {
    const [ours, theirs] = [byName(a), byName(b)]
    for (const name of new Set([...ours.keys(), ...theirs.keys()])) {
      this.#rows++
      if (ours.has(name) && theirs.has(name)) this.compare(`${path}.${name}`, ours.get(name), theirs.get(name))
      else this.#strays.push(`${path}.${name}: ${ours.has(name) ? 'only here' : 'only there'}`)
    }
  }
}

function byName(list: unknown[]): Map<string, unknown> {
  return new Map(list.map((row, i) => [isObject(row) ? String(row.product_id ?? row.name ?? i) : String(i), row]))
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
