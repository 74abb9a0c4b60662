import fc from 'fast-check'
import { openApiDocument } from '../../schemas/openapi.ts'

/** Requests that are nearly right, for every path of the API: what a fuzzer sends. */

const operations = Object.entries(openApiDocument('test').paths)
  .filter(([path]) => path !== '/v1/stream')
  .flatMap(([path, byMethod]) => Object.keys(byMethod).map(method => ({ path, method: method.toUpperCase() })))

const odd = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    '\0',
    '\ud800',
    '../..',
    '%00',
    '𝕏',
    '-1',
    '1e999',
    'null',
    'x'.repeat(300)
  )
)
const value = fc.oneof(
  odd,
  fc.double(),
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.constant(null),
  fc.jsonValue({ maxDepth: 3 })
)
const names = `
  event_id user_id session_id event_type product_id ts context events access_token surface items session
  limit region personalize position_from rules explain widgets unique id candidates from ttl_s delete title
  price stock order_id order_ts qty preferences updated_at category in_stock price_max categories
  exclude_items __proto__ min_interval_ms
`
  .trim()
  .split(/\s+/)
const plausible: Record<string, fc.Arbitrary<unknown>> = {
  surface: fc.constantFrom('home', 'product', 'cart', 'email', 'attic'),
  event_type: fc.constantFrom('view', 'impression', 'purchase', 'gaze'),
  event_id: fc.string({ minLength: 1, maxLength: 20 }),
  user_id: fc.string({ minLength: 1, maxLength: 20 }),
  limit: fc.integer({ min: -2, max: 200 })
}
const field = fc
  .constantFrom(...names)
  .chain(name =>
    fc.tuple(
      fc.constant(name),
      fc.oneof(
        { arbitrary: Object.hasOwn(plausible, name) ? plausible[name] : value, weight: 3 },
        { arbitrary: value, weight: 1 }
      )
    )
  )
const whole = {
  surface: 'home',
  event_id: 'e',
  user_id: 'u',
  event_type: 'view',
  product_id: 'p',
  title: 't',
  order_id: 'o',
  qty: 1
}
export const record = fc
  .tuple(fc.array(field, { maxLength: 6 }), fc.subarray(Object.entries(whole)))
  .map(([fields, known]) => Object.fromEntries([...known, ...fields]))
const nest = (depth: number, inside: string) => '['.repeat(depth) + inside + ']'.repeat(depth)
const json = fc.oneof(
  record.map(one => JSON.stringify(one)),
  fc.array(fc.oneof(record, value), { maxLength: 5 }).map(list => JSON.stringify(list)),
  fc.array(fc.oneof(record, value), { maxLength: 5 }).map(events => JSON.stringify({ events })),
  fc.array(record, { maxLength: 3 }).map(widgets => JSON.stringify({ surface: 'home', widgets })),
  fc.array(record, { maxLength: 4 }).map(rows => rows.map(row => JSON.stringify(row)).join('\n'))
)
const broken = fc.tuple(json, fc.nat(), fc.string({ unit: 'binary', maxLength: 3 })).map(([text, at, bytes]) => {
  const cut = text.length === 0 ? 0 : at % text.length
  return text.slice(0, cut) + bytes + text.slice(cut + 1)
})
export const body = fc.oneof(
  { arbitrary: json, weight: 5 },
  { arbitrary: broken, weight: 3 },
  { arbitrary: fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes).toString('latin1')), weight: 1 },
  {
    arbitrary: fc.constantFrom(
      nest(9_000, '1'),
      `{"event_id":"e","user_id":"u","event_type":"view","product_id":"p","context":{"x":${nest(5_000, '')}}}`
    ),
    weight: 1
  }
)
const queryPart = fc.tuple(fc.constantFrom(...names, 'after', 'x'), odd).map(([name, one]) => `${name}=${encode(one)}`)
const query = fc.oneof(
  fc.array(queryPart, { maxLength: 5 }).map(parts => parts.join('&')),
  fc.string({ maxLength: 40 }).map(text => text.replace(/[^\x21-\x7e]|#/g, ''))
)
const headerValue = fc.string({ maxLength: 30 }).map(text => text.replace(/[^\x20-\x7e]/g, '').trim())
const headers = fc.oneof(
  {
    arbitrary: fc.dictionary(fc.constantFrom('X-Request-Id', 'traceparent', 'If-None-Match', 'Accept'), headerValue),
    weight: 5
  },
  {
    arbitrary: fc.dictionary(
      fc.constantFrom('X-Request-Timeout-Ms', 'Authorization', 'X-API-Key', 'Origin', 'Expect-CT', 'Cookie'),
      headerValue
    ),
    weight: 1
  }
)
const target = fc.oneof(
  { arbitrary: fc.constantFrom(...operations), weight: 8 },
  {
    arbitrary: fc.record({
      path: fc.constantFrom(...operations.map(({ path }) => path), '/docs', '/openapi.json', '/v1/ws', '/v1'),
      method: fc.constantFrom('GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS')
    }),
    weight: 1
  }
)
const type = fc.constantFrom(
  ...Array<string>(8).fill('application/json'),
  'text/plain',
  'application/x-ndjson',
  'x/y',
  ''
)
export const request = fc
  .record({ target, id: odd, query: fc.oneof(fc.constant(''), query), headers, type, body })
  .map(({ target: { method, path }, id, ...rest }) => ({ method, path: path.replace('{id}', encode(id)), ...rest }))

/** Percent-encoded; also what has no UTF-8. */
function encode(text: string): string {
  return Buffer.from(text)
    .reduce((all, byte) => `${all}%${byte.toString(16).padStart(2, '0')}`, '')
    .slice(0, 900)
}

export type Malformed = typeof request extends fc.Arbitrary<infer T> ? T : never
