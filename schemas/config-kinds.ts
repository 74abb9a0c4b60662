import { stop } from '../engine/errors.ts'

/** How one configuration key is written, checked and explained. */
export interface Key<T> {
  readonly isKey: true
  readonly default: T
  /** One sentence for the reference page. */
  readonly meaning: string
  /** What kind of value, in words. */
  readonly type: string
  readonly unit?: string
  readonly isSecret?: true
  /** What may be printed of a secret; default: nothing. */
  shown?(value: T): unknown
  /** JSON Schema of the value in the file. */
  readonly schema: Record<string, unknown>
  /** From a variable or a flag; what it cannot make sense of it returns as it is, for `check` to refuse. */
  fromText(text: string): unknown
  /** The value as the program uses it; undefined = wrong. */
  check(value: unknown): T | undefined
}

interface Said {
  meaning: string
  unit?: string
}

export function integer(initial: number, bounds: Said & { min: number; max?: number }): Key<number> {
  const { meaning, unit, min, max = Number.MAX_SAFE_INTEGER } = bounds
  const range = bounds.max === undefined ? `from ${min} on` : `from ${min} to ${max}`
  return {
    isKey: true,
    default: initial,
    meaning,
    unit,
    type: `a whole number ${range}`,
    schema: { type: 'integer', minimum: min, ...(bounds.max === undefined ? {} : { maximum: max }) },
    fromText: text => (/^-?\d+$/.test(text.trim()) ? Number(text) : text),
    check: value =>
      typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max ? value : undefined
  }
}

/** A limit of requests; `from` says of whose. */
export function perSecond(initial: number, from: string): Key<number> {
  const meaning = `Requests ${from}, five seconds’ worth of them at once; more is answered 429. 0 is no limit.`
  return integer(initial, { min: 0, max: 1_000_000, unit: '1/s', meaning })
}

export function text(initial: string, said: Said & { pattern: RegExp; what: string }): Key<string> {
  return {
    isKey: true,
    default: initial,
    meaning: said.meaning,
    type: said.what,
    schema: { type: 'string', pattern: said.pattern.source },
    fromText: text => text,
    check: value => (typeof value === 'string' && said.pattern.test(value) ? value : undefined)
  }
}

const durationUnits: Record<string, number> = { h: 3_600_000, d: 86_400_000, y: 365 * 86_400_000 }
const duration = /^([1-9]\d{0,5})([hdy])$/

/** A span of time as it is written, such as `36h`, `730d` or `2y`; `durationMs` reads it. */
export function span(initial: string, said: Said): Key<string> {
  return text(initial, {
    ...said,
    pattern: duration,
    what: 'a whole number with h, d or y for hours, days or years behind it'
  })
}

/** Milliseconds of a checked `span`; a year has 365 days. */
export function durationMs(written: string): number {
  const [, count, unit] = duration.exec(written) as RegExpExecArray
  return Number(count) * durationUnits[unit]
}

/** A text that nobody gets to see. */
export function secret(said: Said): Key<string> {
  return {
    ...text('', { ...said, pattern: /^/, what: 'a text' }),
    isSecret: true,
    shown: value => (value === '' ? '' : '***')
  }
}

/** An address, or empty for none; a password in it is not shown. */
export function url(schemes: readonly string[], said: Said): Key<string> {
  const pattern = new RegExp(`^((${schemes.join('|')})://[^\\s/]+.*)?$`)
  return {
    ...text('', {
      ...said,
      pattern,
      what: `an address that begins with ${schemes.map(one => `${one}://`).join(' or ')}`
    }),
    isSecret: true,
    shown: value => value.replace(/\/\/[^/]*@/, '//***@')
  }
}

const server = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/

/** `host:port`, at least one; in a variable, between commas. */
export function servers(initial: readonly string[], said: Said): Key<readonly string[]> {
  const isServer = (value: unknown) => typeof value === 'string' && server.test(value)
  return {
    isKey: true,
    default: initial,
    meaning: said.meaning,
    type: 'a list of host:port, at least one (in a variable: between commas)',
    schema: { type: 'array', items: { type: 'string', pattern: server.source }, minItems: 1 },
    fromText: splitList,
    check: value => (Array.isArray(value) && value.length > 0 && value.every(isServer) ? value : undefined)
  }
}

export function choice<T extends string>(initial: T, options: readonly T[], said: Said): Key<T> {
  return {
    isKey: true,
    default: initial,
    meaning: said.meaning,
    type: `one of ${options.join(', ')}`,
    schema: { enum: options },
    fromText: text => text,
    check: value => options.find(option => option === value)
  }
}

const truths: Record<string, boolean> = { true: true, '1': true, false: false, '0': false }

export function yesOrNo(initial: boolean, said: Said): Key<boolean> {
  return {
    isKey: true,
    default: initial,
    meaning: said.meaning,
    type: 'true or false',
    schema: { type: 'boolean' },
    fromText: text => truths[text.toLowerCase()] ?? text,
    check: value => (typeof value === 'boolean' ? value : undefined)
  }
}

/** Texts; in a variable, between commas. */
export function texts(said: Said): Key<readonly string[]> {
  return {
    isKey: true,
    default: [],
    meaning: said.meaning,
    type: 'a list of texts (in a variable: between commas)',
    schema: { type: 'array', items: { type: 'string', minLength: 1 } },
    fromText: splitList,
    check: value =>
      Array.isArray(value) && value.every(one => typeof one === 'string' && one !== '') ? value : undefined
  }
}

/** Our column name → theirs; in a variable `ours=theirs,…`. */
export function columnNames(ours: readonly string[], said: Said): Key<Readonly<Record<string, string>>> {
  const isName = (value: unknown) => typeof value === 'string' && value !== ''
  return {
    isKey: true,
    default: {},
    meaning: said.meaning,
    type: `an object {ours: theirs} (in a variable: ours=theirs, between commas); ours is one of ${ours.join(', ')}`,
    schema: {
      type: 'object',
      properties: Object.fromEntries(ours.map(name => [name, { type: 'string', minLength: 1 }])),
      additionalProperties: false
    },
    fromText: text => Object.fromEntries(splitList(text).map(pair => splitOnce(pair, '='))),
    check(value) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
      const isGood = Object.entries(value).every(([name, theirs]) => ours.includes(name) && isName(theirs))
      return isGood ? (value as Record<string, string>) : undefined
    }
  }
}

export const apiScopes = ['read', 'write', 'admin'] as const
export type ApiScope = (typeof apiScopes)[number]

export interface ApiKeyConfig {
  /** For people: which key this is. */
  name: string
  key: string
  scopes: readonly ApiScope[]
}

/** In a variable `name:key:scope+scope,…`; `key:scope` and a bare `key` (may do everything) are understood too. */
export function apiKeys(said: Said): Key<readonly ApiKeyConfig[]> {
  return {
    isKey: true,
    default: [],
    meaning: said.meaning,
    type: `a list of {name, key, scopes: ${apiScopes.join('|')}} (in a variable: name:key:scope+scope, between commas)`,
    isSecret: true,
    schema: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          key: { type: 'string', minLength: 1 },
          scopes: { type: 'array', items: { enum: apiScopes }, minItems: 1 }
        },
        required: ['name', 'key', 'scopes'],
        additionalProperties: false
      }
    },
    fromText: text =>
      text
        .split(/[\s,]+/)
        .filter(Boolean)
        .map(apiKeyOf),
    check: value => (Array.isArray(value) && value.every(isApiKey) ? value : undefined)
  }
}

function apiKeyOf(entry: string, index: number): unknown {
  const parts = entry.split(':')
  if (parts.length === 1) return { name: `key-${index + 1}`, key: entry, scopes: ['admin'] }
  const scopes = parts.pop()?.split('+')
  const name = parts.length > 1 ? parts.shift() : `key-${index + 1}`
  return { name, key: parts.join(':'), scopes }
}

function isApiKey(value: unknown): value is ApiKeyConfig {
  if (typeof value !== 'object' || value === null) return false
  const { name, key, scopes, ...more } = value as Partial<ApiKeyConfig>
  const areScopes = Array.isArray(scopes) && scopes.length > 0 && scopes.every(scope => apiScopes.includes(scope))
  return (
    typeof name === 'string' && typeof key === 'string' && key !== '' && areScopes && Object.keys(more).length === 0
  )
}

/** Refuses a value; the value itself is not repeated where it is secret. */
export function checked<T>(key: Key<T>, name: string, value: unknown, source: string): T {
  const good = key.check(value)
  if (good !== undefined) return good
  const found = key.isSecret ? 'something else' : JSON.stringify(value)
  throw stop('bad_config', `${name} must be ${key.type}; ${source} has ${found}.`)
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map(entry => entry.trim())
    .filter(entry => entry !== '')
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}
