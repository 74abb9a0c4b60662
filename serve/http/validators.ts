import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import type { SchemaName } from '../../schemas/http-schemas.ts'
import type { OpenApiDocument } from '../../schemas/openapi.ts'
import type { Parameter } from '../../schemas/openapi-paths.ts'
import { Problem } from './problem.ts'

/** Checks of requests, compiled once from the document that is served. */
export interface Validators {
  /** Fills in defaults; throws a problem with a JSON pointer. `at` is put before the pointer. */
  body<T>(schema: SchemaName, value: unknown, at?: string): T
  /** The parameters of an operation's query as typed values, defaults filled in. */
  query<T>(path: string, method: string, raw: string): T
}

export function createValidators(document: OpenApiDocument): Validators {
  const options = { strict: false, useDefaults: true, validateFormats: false } as const
  const ajv = new Ajv2020(options).addSchema(document, 'api')
  const coercing = new Ajv2020({ ...options, coerceTypes: true }).addSchema(document, 'api')
  const bodies = new Map<string, ValidateFunction>()
  for (const name of Object.keys(document.components.schemas)) {
    bodies.set(name, ajv.compile({ $ref: `api#/components/schemas/${name}` }))
  }
  const queries = new Map<string, { check: ValidateFunction; lists: ReadonlySet<string> }>()
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, { parameters = [] }] of Object.entries(operations)) {
      const inQuery = parameters.filter(parameter => parameter.in === 'query')
      const lists = new Set(inQuery.filter(one => one.schema.type === 'array').map(one => one.name))
      queries.set(`${method} ${path}`, { check: coercing.compile(querySchema(inQuery)), lists })
    }
  }
  return {
    body<T>(schema: SchemaName, value: unknown, at = ''): T {
      const check = bodies.get(schema) as ValidateFunction
      if (!check(value)) throw bodyProblem((check.errors as ErrorObject[])[0], at)
      return value as T
    },
    query<T>(path: string, method: string, raw: string): T {
      const { check, lists } = queries.get(`${method} ${path}`) as {
        check: ValidateFunction
        lists: ReadonlySet<string>
      }
      const value = parseQuery(raw, lists)
      if (!check(value)) throw queryProblem((check.errors as ErrorObject[])[0])
      return value as T
    }
  }
}

function querySchema(parameters: readonly Parameter[]) {
  return {
    type: 'object',
    additionalProperties: false,
    required: parameters.filter(one => one.required).map(one => one.name),
    properties: Object.fromEntries(parameters.map(one => [one.name, one.schema]))
  }
}

/** Lists are `a,b,c` or a repeated parameter (whose values may then hold commas). */
function parseQuery(raw: string, lists: ReadonlySet<string>): Record<string, unknown> {
  const value: Record<string, unknown> = {}
  if (raw === '') return value
  const search = new URLSearchParams(raw)
  for (const name of new Set(search.keys())) {
    const given = search.getAll(name)
    if (lists.has(name)) value[name] = given.length === 1 ? given[0].split(',').filter(one => one !== '') : given
    else if (given.length > 1) throw new Problem('invalid_parameter', `${name} may be given once.`, { parameter: name })
    else value[name] = given[0]
  }
  return value
}

function bodyProblem(error: ErrorObject, at: string): Problem {
  const place = at + error.instancePath
  switch (error.keyword) {
    case 'required': {
      const pointer = `${place}/${error.params.missingProperty}`
      return new Problem('missing_field', `${pointer} is missing; add it.`, { pointer })
    }
    case 'additionalProperties': {
      const pointer = `${place}/${escaped(error.params.additionalProperty)}`
      return new Problem('unknown_field', `${pointer} is not a field here; correct its name or leave it out.`, {
        pointer
      })
    }
    default: {
      const code = isSurface(error) ? 'unknown_surface' : 'invalid_field'
      return new Problem(code, `${place === '' ? 'The body' : place} ${wanted(error)}.`, { pointer: place })
    }
  }
}

function queryProblem(error: ErrorObject): Problem {
  if (error.keyword === 'required') {
    const parameter = String(error.params.missingProperty)
    return new Problem('missing_field', `The query parameter ${parameter} is missing; add it.`, { parameter })
  }
  if (error.keyword === 'additionalProperties') {
    const parameter = String(error.params.additionalProperty).slice(0, 100)
    return new Problem('unknown_field', `The query parameter ${parameter} is not known here; leave it out.`, {
      parameter
    })
  }
  const parameter = error.instancePath.split('/')[1] ?? ''
  const code = isSurface(error) ? 'unknown_surface' : 'invalid_parameter'
  return new Problem(code, `The query parameter ${parameter} ${wanted(error)}.`, { parameter })
}

/** Only a text that is no surface: another type is an invalid field. */
function isSurface(error: ErrorObject): boolean {
  return error.keyword === 'enum' && error.instancePath.endsWith('/surface')
}

function wanted(error: ErrorObject): string {
  if (error.keyword === 'enum') return `must be one of ${error.params.allowedValues.join(', ')}`
  return error.message ?? 'is not valid'
}

/** RFC 6901. */
function escaped(name: string): string {
  return String(name).slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')
}
