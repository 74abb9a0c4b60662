import { poison } from '../engine/errors.ts'
import { limits } from './http.ts'

/**
 * One field of a public JSON row at a time (INTERFACES 3). `undefined`, `null` and `''` mean absent. Every reader throws
 * nothing but a `skip` error with one of the codes `missing_field`, `invalid_field`, `id_too_long`, `bad_timestamp`.
 */

const idBytesMax = limits.idBytes

/** A required id, which must be a string. */
export function id(name: string, value: unknown): string {
  if (isAbsent(value)) throw poison('missing_field', `${name} is missing.`)
  if (typeof value !== 'string') throw poison('invalid_field', `${name} must be a string, it is ${kindOf(value)}.`)
  return checkedId(name, value)
}

export function optionalId(name: string, value: unknown): string | null {
  return isAbsent(value) ? null : id(name, value)
}

/** The id of a table's row: databases often count their keys, so whole numbers are ids too. */
export function rowId(name: string, value: unknown): string {
  return id(name, typeof value === 'bigint' || Number.isSafeInteger(value) ? String(value) : value)
}

export function optionalText(name: string, value: unknown): string | null {
  if (isAbsent(value)) return null
  if (typeof value === 'string') return value
  throw poison('invalid_field', `${name} must be text, it is ${kindOf(value)}.`)
}

/** A finite number, also as its decimal text (CSV, decimals of databases). */
export function optionalNumber(name: string, value: unknown): number | null {
  if (isAbsent(value)) return null
  const number = typeof value === 'number' ? value : typeof value === 'string' ? numberOfText(value) : Number.NaN
  if (Number.isFinite(number)) return number
  throw poison('invalid_field', `${name} must be a number, it is ${kindOf(value)}.`)
}

export function optionalAmount(name: string, value: unknown): number | null {
  const amount = optionalNumber(name, value)
  if (amount !== null && amount < 0) throw poison('invalid_field', `${name} must not be negative, it is ${amount}.`)
  return amount
}

const truths = new Map<unknown, boolean>([
  [true, true],
  ['true', true],
  ['t', true],
  ['1', true],
  [1, true],
  [false, false],
  ['false', false],
  ['f', false],
  ['0', false],
  [0, false]
])

export function optionalBoolean(name: string, value: unknown): boolean | null {
  if (isAbsent(value)) return null
  const truth = truths.get(typeof value === 'string' ? value.toLowerCase() : value)
  if (truth === undefined) throw poison('invalid_field', `${name} must be true or false, it is ${kindOf(value)}.`)
  return truth
}

/** JSON text of a value of any shape; text stays as it is. */
export function optionalJson(name: string, value: unknown): string | null {
  if (isAbsent(value)) return null
  return typeof value === 'string' ? value : jsonText(name, value)
}

/** A list of texts: an array, its JSON text, or texts between commas. */
export function optionalList(name: string, value: unknown): string[] | null {
  if (isAbsent(value)) return null
  if (Array.isArray(value)) return value.map(entry => optionalText(name, entry) ?? '').filter(entry => entry !== '')
  if (typeof value !== 'string') throw poison('invalid_field', `${name} must be a list, it is ${kindOf(value)}.`)
  if (value.startsWith('[')) return optionalList(name, parsedJson(name, value))
  return value
    .split(',')
    .map(entry => entry.trim())
    .filter(entry => entry !== '')
}

/** Epoch ms of an RFC 3339 time or of epoch ms as a number or its text. */
export function optionalTime(name: string, value: unknown): number | null {
  if (isAbsent(value)) return null
  const time =
    typeof value === 'number' ? Math.floor(value) + 0 : typeof value === 'string' ? timeOfText(value) : Number.NaN
  // Also false for NaN.
  if (time >= timeMin && time <= timeMax) return time
  throw poison(
    'bad_timestamp',
    `${name} must be an RFC 3339 time with an offset, such as 2025-08-15T08:30:00Z, or epoch milliseconds; it is ${kindOf(value)}.`
  )
}

export function jsonText(name: string, value: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw poison('invalid_field', `${name} cannot be written as JSON; send plain, not so deeply nested values.`, error)
  }
  // Functions and symbols have no JSON.
  if (text === undefined) throw poison('invalid_field', `${name} cannot be written as JSON, it is ${kindOf(value)}.`)
  return text
}

export function isAbsent(value: unknown): value is undefined | null | '' {
  return value === undefined || value === null || value === ''
}

export type Json = Record<string, unknown>

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function checkedId(name: string, value: string): string {
  const length = value.length
  if (length > idBytesMax) throw tooLong(name)
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i)
    if (code < 32) throw poison('invalid_field', `${name} must not contain control characters (position ${i}).`)
    if (code > 127) return checkedWideId(name, value, i)
  }
  return value
}

/** The rest of an id that is not plain ASCII from position `start` on. */
function checkedWideId(name: string, value: string, start: number): string {
  for (let i = start; i < value.length; i++) {
    if (value.charCodeAt(i) < 32)
      throw poison('invalid_field', `${name} must not contain control characters (position ${i}).`)
  }
  // Half a surrogate pair has no UTF-8: two such ids would become one key.
  if (!value.isWellFormed()) throw poison('invalid_field', `${name} must be well-formed Unicode.`)
  if (Buffer.byteLength(value) > idBytesMax) throw tooLong(name)
  return value
}

function tooLong(name: string) {
  return poison('id_too_long', `${name} must have at most ${idBytesMax} bytes in UTF-8.`)
}

function parsedJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw poison('invalid_field', `${name} must be JSON.`, error)
  }
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

function numberOfText(text: string): number {
  const trimmed = text.trim()
  return decimal.test(trimmed) ? Number(trimmed) : Number.NaN
}

/** What an error says about a wrong value: its kind, and a short value itself. */
export function kindOf(value: unknown): string {
  if (typeof value === 'string')
    return value.length > 60 ? `a text of ${value.length} characters` : JSON.stringify(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return 'a list'
  return value === null ? 'null' : `a value of type ${typeof value}`
}

/** The years RFC 3339 can write. */
const timeMin = -62_167_219_200_000
const timeMax = 253_402_300_799_999

/** RFC 3339, or at least nine digits of epoch ms; NaN for anything else. */
export function timeOfText(text: string): number {
  const length = text.length
  // 'YYYY-MM-DDThh:mm:ssZ' is the shortest.
  if (length < 20 || text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) {
    return /^-?\d{9,15}$/.test(text) ? Number(text) : Number.NaN
  }
  const separator = text.charCodeAt(10)
  if ((separator | 32) !== 116 && separator !== 32) return Number.NaN
  if (text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return Number.NaN
  const year = pair(text, 0) * 100 + pair(text, 2)
  const month = pair(text, 5)
  const day = pair(text, 8)
  const hour = pair(text, 11)
  const minute = pair(text, 14)
  const second = pair(text, 17)
  // 60 is a leap second: the first moment of the next minute.
  if (!(month >= 1 && month <= 12 && day >= 1 && hour <= 23 && minute <= 59 && second <= 60)) return Number.NaN
  if (!(day <= daysInMonth(year, month))) return Number.NaN
  const offsetAt = text.charCodeAt(19) === 46 ? fractionEnd(text) : 19
  const minutes = (daysSinceEpoch(year, month, day) * 24 + hour) * 60 + minute - offsetMinutes(text, offsetAt)
  return minutes * 60_000 + second * 1000 + (offsetAt === 19 ? 0 : millisOf(text, offsetAt))
}

/** Where the digits behind the seconds end. */
function fractionEnd(text: string): number {
  let at = 20
  while (isDigit(text, at)) at++
  return at
}

/** The first three digits behind the seconds; NaN without any. */
function millisOf(text: string, end: number): number {
  if (end === 20) return Number.NaN
  let millis = 0
  for (let at = 20; at < 23; at++) millis = millis * 10 + (at < end ? text.charCodeAt(at) - 48 : 0)
  return millis
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 48 && code <= 57
}

function offsetMinutes(text: string, at: number): number {
  const sign = text.charCodeAt(at)
  if ((sign | 32) === 122) return at + 1 === text.length ? 0 : Number.NaN
  if ((sign !== 43 && sign !== 45) || text.length !== at + 6 || text.charCodeAt(at + 3) !== 58) return Number.NaN
  const hour = pair(text, at + 1)
  const minute = pair(text, at + 4)
  if (!(hour <= 23 && minute <= 59)) return Number.NaN
  return (sign === 43 ? 1 : -1) * (hour * 60 + minute)
}

function pair(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48
  const ones = text.charCodeAt(at + 1) - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Howard Hinnant's `days_from_civil` (public domain), for years of the Gregorian calendar from 0 on. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}
