import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { Problem } from '../http/problem.ts'
import type { Operations } from './operations.ts'

const text = { type: 'string', maxLength: 1024 }
const whole = { type: 'integer', minimum: 0 }
const producer = object({ name: text, to: text }, ['name', 'to'])
const append = object(
  {
    topic: text,
    records: { type: 'string' },
    headers: { type: 'object', additionalProperties: { type: 'string' } },
    partition: whole,
    producer
  },
  ['topic', 'records']
)

const schemas: Record<keyof Operations, object> = {
  status: object({}),
  topics: object({}),
  read: object({ topic: text, partition: whole, from: whole, limit: whole, key: text }, ['topic']),
  export: object({ topic: text }, ['topic']),
  append: object({ appends: { type: 'array', items: append } }, ['appends']),
  producer: object({ name: text }, ['name']),
  endHistory: object({ name: text }, ['name']),
  flush: object({}),
  stores: object({ sizes: { type: 'boolean' } }, ['sizes']),
  get: object({ store: text, key: text }, ['store', 'key']),
  scan: object({ store: text, prefix: text, limit: whole }, ['store', 'prefix', 'limit']),
  digest: object({ store: text }),
  verify: object({})
}

let compiled: Map<string, ValidateFunction> | undefined

/** The body of a request to the admin port, as its operation takes it. */
export function checkedParams(name: keyof Operations, json: unknown): unknown {
  compiled ??= compileAll()
  const validate = compiled.get(name) as ValidateFunction
  if (validate(json)) return json
  const [error] = validate.errors ?? []
  throw new Problem('invalid_field', `${error?.instancePath || 'The body'} ${error?.message}.`, {
    pointer: error?.instancePath
  })
}

function compileAll(): Map<string, ValidateFunction> {
  const ajv = new Ajv2020()
  return new Map(Object.entries(schemas).map(([name, schema]) => [name, ajv.compile(schema)]))
}

function object(properties: Record<string, object>, required: string[] = []): object {
  return { type: 'object', properties, required, additionalProperties: false }
}
