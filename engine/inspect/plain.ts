import { ByteWriter } from '../bytes.ts'

/**
 * A decoded value of any codec as JSON: sorted keys, maps and sets in order, bytes as base64, numbers JSON lacks as text.
 * Classes say it by `toJSON`.
 */
export function plain(value: unknown, digits?: number): unknown {
  switch (typeof value) {
    case 'number':
      return plainNumber(value, digits)
    case 'bigint':
      return String(value)
    case 'object':
      return value === null ? null : plainObject(value, digits)
    case 'undefined':
      return null
    default:
      return value
  }
}

function plainNumber(value: number, digits: number | undefined): number | string {
  if (!Number.isFinite(value)) return String(value)
  // Whole numbers are counts and times: rounding them would hide what must not differ.
  if (digits === undefined || Number.isInteger(value)) return value + 0
  return Number(value.toPrecision(digits))
}

interface Opaque {
  toJSON?: () => unknown
  write?: (out: ByteWriter) => void
}

function plainObject(value: object, digits: number | undefined): unknown {
  const { toJSON, write } = value as Opaque
  if (typeof toJSON === 'function' && !(value instanceof Uint8Array)) return plain(toJSON.call(value), digits)
  // What keeps its content private is told by its bytes.
  if (typeof write === 'function' && !(value instanceof Uint8Array)) return bytesOf(value as Required<Opaque>)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>, one => plain(one, digits))
  if (Array.isArray(value)) return value.map(one => plain(one, digits))
  if (value instanceof Set) return [...value].map(one => plain(one, digits)).sort(byText)
  const entries = value instanceof Map ? [...value] : Object.entries(value)
  const named = entries.map(([name, one]): [string, unknown] => [String(name), plain(one, digits)])
  return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
}

function byText(a: unknown, b: unknown): number {
  const [x, y] = [JSON.stringify(a), JSON.stringify(b)]
  return x < y ? -1 : x > y ? 1 : 0
}

function bytesOf(value: Required<Opaque>): string {
  const out = new ByteWriter()
  value.write(out)
  return out.view().toString('base64')
}
