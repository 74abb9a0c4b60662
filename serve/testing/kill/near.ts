import { vectorOf } from '../../../processors/signed-bytes.ts'
import { dimensions } from '../../../recommend/vectors/signed-projection.ts'
import type { Loaded } from './load-order.ts'

const differencesMax = 5
const vectorLength = Math.ceil(dimensions / 3) * 4

/** Where two loads differ: by digest in what must be the same, by value in what may differ a little. */
export function differences(expected: Loaded, actual: Loaded): string[] {
  const found: string[] = []
  for (const [store, { class: equality, keys, digest }] of Object.entries(expected.digests)) {
    const other = actual.digests[store]
    if (other?.keys !== keys) found.push(`${store} has ${other?.keys} keys instead of ${keys}`)
    else if (equality !== 'tolerance' && other.digest !== digest) found.push(`${store} (${equality}) has other content`)
  }
  for (const [view, { tolerance, entries }] of Object.entries(expected.near)) {
    const others = new Map(actual.near[view].entries.map(({ key, value }) => [key, value]))
    for (const { key, value } of entries) {
      const distance = distanceOf(value, others.get(key))
      if (distance > tolerance) found.push(`${view} ${key} differs by ${distance}`)
      if (found.length > differencesMax) return found
    }
  }
  return found
}

/**
 * How far two values are apart, 0 to 1: numbers relative to the larger one, lists of things with an id by the share of
 * what only one of them has and the mean distance of what both have, vectors by their cosine. Different words are 1 apart.
 */
function distanceOf(a: unknown, b: unknown): number {
  if (a === b) return 0
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b), 1)
  if (Array.isArray(a) && Array.isArray(b))
    return a.every(isNamed) && b.every(isNamed) ? listDistance(a, b) : pairDistance(a, b)
  if (isVector(a) && isVector(b)) return 1 - cosineOf(vectorOf(a), vectorOf(b))
  if (isObject(a) && isObject(b)) {
    return Math.max(
      0,
      ...[...new Set([...Object.keys(a), ...Object.keys(b)])].map(name => distanceOf(a[name], b[name]))
    )
  }
  return 1
}

type Named = Record<string, unknown> & { product_id: string }

function listDistance(a: Named[], b: Named[]): number {
  if (a.length + b.length === 0) return 0
  const inB = new Map(b.map(one => [one.product_id, one]))
  let shared = 0
  let apart = 0
  for (const one of a) {
    const other = inB.get(one.product_id)
    if (!other) continue
    shared++
    apart += distanceOf(one, other)
  }
  return 1 - (2 * shared) / (a.length + b.length) + (shared > 0 ? apart / shared : 0)
}

function pairDistance(a: unknown[], b: unknown[]): number {
  if (a.length !== b.length) return 1
  return Math.max(0, ...a.map((one, i) => distanceOf(one, b[i])))
}

/** Of components near 0 any other is far off, so they are not compared one by one. */
function cosineOf(a: Int8Array, b: Int8Array): number {
  const dot = (one: Int8Array, other: Int8Array) => one.reduce((sum, value, i) => sum + value * other[i], 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

/** As rows show one: its bytes in base64. */
function isVector(value: unknown): value is string {
  return typeof value === 'string' && value.length === vectorLength && Buffer.byteLength(value, 'base64') === dimensions
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const isNamed = (value: unknown): value is Named => isObject(value) && typeof value.product_id === 'string'
