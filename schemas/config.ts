import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { messageOf, stop } from '../engine/errors.ts'
import { type Config, namedKeys } from './config-keys.ts'
import { checked, type Key } from './config-kinds.ts'

export type { Config } from './config-keys.ts'

const configFileDefault = 'millrace.config.json'
/** Variables that are not keys: where the file is. */
const configFileVariable = 'MILLRACE_CONFIG'

/** Where a value comes from, in words: `default`, the file, the variable or `flag`. */
export type ConfigSource = string

export interface LoadedConfig {
  config: Config
  /** By the key's name with dots. */
  sources: ReadonlyMap<string, ConfigSource>
  /** The file that was read, if there was one. */
  file: string | null
}

export interface ConfigInputs {
  /** Must exist when given; else `MILLRACE_CONFIG`, else `millrace.config.json` where there is one. */
  file?: string
  env?: Readonly<Record<string, string | undefined>>
  /** By the key's name with dots; texts are read as those of variables, `undefined` is not given. */
  flags?: Readonly<Record<string, unknown>>
}

interface Given {
  value: unknown
  source: ConfigSource
}

/** Defaults, under the file, under variables, under flags. What is wrong stops with one sentence that says what to change. */
export function loadConfig({ file, env = process.env, flags = {} }: ConfigInputs = {}): LoadedConfig {
  const read = readConfigFile(file ?? env[configFileVariable])
  const given = new Map<string, Given>()
  if (read) collect(read.json, [], read.path, given)
  collectVariables(env, given)
  for (const [name, value] of Object.entries(flags)) {
    if (value !== undefined) given.set(name, { value: ofText(name, value), source: 'flag' })
  }
  const config = {}
  const sources = new Map<string, ConfigSource>()
  for (const { name, path, key } of namedKeys) {
    const one = given.get(name)
    sources.set(name, one?.source ?? 'default')
    set(config, path, one ? checked(key, name, one.value, one.source) : key.default)
  }
  return { config: config as Config, sources, file: read?.path ?? null }
}

/** For what works on a directory of this machine; what is done on Kafka is another command. */
export function requireEmbedded({ config, sources }: LoadedConfig, what: string): void {
  if (config.log === 'embedded') return
  throw stop(
    'embedded_log_only',
    `${what} works on the embedded log, and log is "kafka" (${sources.get('log')}): run millrace stream and millrace serve, or set log to "embedded".`
  )
}

/** The file's JSON Schema. */
export function configJsonSchema(): Record<string, unknown> {
  const root = objectSchema()
  for (const { path, key } of namedKeys) {
    let at = root
    for (const part of path.slice(0, -1)) {
      at.properties[part] ??= objectSchema()
      at = at.properties[part] as typeof root
    }
    const description = key.unit ? `${key.meaning} Unit: ${key.unit}.` : key.meaning
    at.properties[path.at(-1) as string] = { description, default: key.default, ...key.schema }
  }
  root.properties.$schema = { type: 'string' }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `Millrace configuration (${configFileDefault})`,
    ...root
  }
}

export interface ConfigEntry {
  key: string
  /** Secrets are masked. */
  value: unknown
  source: ConfigSource
  unit: string | null
  meaning: string
}

/** For `millrace config` and the start-up log. */
export function configEntries({ config, sources }: LoadedConfig): ConfigEntry[] {
  return namedKeys.map(({ name, path, key }) => {
    const value = path.reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], config)
    return {
      key: name,
      value: key.isSecret ? masked(key, value) : value,
      source: sources.get(name) ?? 'default',
      unit: key.unit ?? null,
      meaning: key.meaning
    }
  })
}

function masked(key: Key<unknown>, value: unknown): unknown {
  if (key.shown) return key.shown(value)
  if (!Array.isArray(value)) return '***'
  return value.map(one => ({ ...one, key: '***' }))
}

function objectSchema() {
  return { type: 'object', properties: {} as Record<string, unknown>, additionalProperties: false }
}

function readConfigFile(given: string | undefined): { path: string; json: unknown } | null {
  const path = given ?? configFileDefault
  let text: string
  try {
    text = readFileSync(resolve(path), 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && given === undefined) return null
    throw stop('bad_config_file', `The configuration file ${path} cannot be read (${code}): check the path.`, error)
  }
  try {
    return { path, json: JSON.parse(text) }
  } catch (error) {
    throw stop('bad_config_file', `The configuration file ${path} is not JSON: ${messageOf(error)}.`, error)
  }
}

/** Every leaf of the file that is a key; whatever is not one is refused. */
function collect(json: unknown, path: readonly string[], file: string, given: Map<string, Given>): void {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw stop('bad_config', `${path.join('.') || 'The configuration'} must be a JSON object in ${file}.`)
  }
  for (const [part, value] of Object.entries(json)) {
    const name = [...path, part].join('.')
    if (name === '$schema') continue
    if (namedKeys.some(key => key.name === name)) given.set(name, { value, source: file })
    else if (namedKeys.some(key => key.name.startsWith(`${name}.`))) collect(value, [...path, part], file, given)
    else
      throw unknownKey(
        name,
        file,
        namedKeys.map(key => key.name)
      )
  }
}

/** Kubernetes puts such variables into every container beside a service called millrace. */
const ofKubernetes = /^MILLRACE_([A-Z0-9_]+_)?(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP)(_\w+)?)?)$/

function collectVariables(env: NonNullable<ConfigInputs['env']>, given: Map<string, Given>): void {
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith('MILLRACE_') || text === undefined || variable === configFileVariable) continue
    const known = namedKeys.find(key => key.variable === variable)
    if (known) given.set(known.name, { value: known.key.fromText(text), source: variable })
    else if (!ofKubernetes.test(variable)) {
      throw unknownKey(
        variable,
        'the environment',
        namedKeys.map(key => key.variable)
      )
    }
  }
}

function ofText(name: string, value: unknown): unknown {
  const known = namedKeys.find(key => key.name === name)
  if (!known)
    throw unknownKey(
      name,
      'the command line',
      namedKeys.map(key => key.name)
    )
  return typeof value === 'string' ? known.key.fromText(value) : value
}

function unknownKey(name: string, where: string, known: readonly string[]) {
  const near = known
    .map(other => ({ other, distance: editDistance(name, other) }))
    .sort((a, b) => a.distance - b.distance)[0]
  const hint =
    near.distance <= Math.max(2, name.length / 4) ? `did you mean ${near.other}?` : 'see `millrace config --schema`.'
  return stop('unknown_config_key', `There is no configuration key ${name} (in ${where}); ${hint}`)
}

/** Levenshtein's. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]
}

function set(config: object, path: readonly string[], value: unknown): void {
  let at = config as Record<string, unknown>
  for (const part of path.slice(0, -1)) {
    at[part] ??= {}
    at = at[part] as Record<string, unknown>
  }
  at[path.at(-1) as string] = value
}
