import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { codeOf } from '../engine/errors.ts'
import { configEntries, configJsonSchema, loadConfig, requireEmbedded } from './config.ts'
import { namedKeys } from './config-keys.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-config-'))
test.after.always(() => rmSync(folder, { recursive: true }))

let files = 0
function file(json: unknown): string {
  const path = join(folder, `${files++}.json`)
  writeFileSync(path, typeof json === 'string' ? json : JSON.stringify(json))
  return path
}

const failure = (inputs: Parameters<typeof loadConfig>[0]): [string, string] => {
  try {
    loadConfig({ env: {}, ...inputs })
    return ['ok', '']
  } catch (error) {
    return [codeOf(error), (error as Error).message]
  }
}

test('without a file, variables and flags every key has its default', t => {
  const { config, sources } = loadConfig({ env: {} })
  t.is(config.log, 'embedded')
  t.is(config.http.port, 8080)
  t.is(config.admin.port, 9090)
  t.is(config.embedded.partitions, 4)
  t.deepEqual(config.tables['order-items'].columns, {})
  t.deepEqual(new Set(sources.values()), new Set(['default']))
})

test('variables stand over the file and flags over both, and each value says where it is from', t => {
  const path = file({
    $schema: 'x',
    http: { port: 1, host: 'localhost' },
    admin: { port: 1 },
    embedded: { partitions: 2 }
  })
  const { config, sources } = loadConfig({
    file: path,
    env: { MILLRACE_HTTP_PORT: '2', MILLRACE_ADMIN_PORT: '2', HOME: 'x' },
    flags: { 'http.port': '3', 'http.host': undefined }
  })
  t.deepEqual([config.http.port, config.admin.port, config.embedded.partitions], [3, 2, 2])
  t.is(sources.get('http.port'), 'flag')
  t.is(sources.get('admin.port'), 'MILLRACE_ADMIN_PORT')
  t.is(sources.get('http.host'), path)
  t.is(sources.get('log'), 'default')
})

test('the file is also found by MILLRACE_CONFIG', t => {
  t.is(loadConfig({ env: { MILLRACE_CONFIG: file({ namespace: 'shop' }) } }).config.namespace, 'shop')
})

test('lists, column names and keys can be written in variables', t => {
  const { config } = loadConfig({
    env: {
      MILLRACE_HTTP_CORS_ORIGINS: 'https://a.example, https://b.example',
      MILLRACE_TABLES_ORDER_ITEMS_COLUMNS: 'product_id=sku,qty=amount',
      MILLRACE_API_KEYS: 'shop:s3cret:read+write,x:y:z:admin,only',
      MILLRACE_INSECURE: 'true'
    }
  })
  t.deepEqual(config.http.cors_origins, ['https://a.example', 'https://b.example'])
  t.deepEqual(config.tables['order-items'].columns, { product_id: 'sku', qty: 'amount' })
  t.deepEqual(config.api_keys, [
    { name: 'shop', key: 's3cret', scopes: ['read', 'write'] },
    { name: 'x', key: 'y:z', scopes: ['admin'] },
    { name: 'key-3', key: 'only', scopes: ['admin'] }
  ])
  t.true(config.insecure)
})

test('an unknown key stops with the one that was probably meant', t => {
  t.deepEqual(failure({ file: file({ http: { prot: 1 } }) })[0], 'unknown_config_key')
  t.regex(failure({ file: file({ http: { prot: 1 } }) })[1], /did you mean http\.port\?/)
  t.regex(failure({ env: { MILLRACE_HTTP_PROT: '1' } })[1], /did you mean MILLRACE_HTTP_PORT\?/)
  t.is(failure({ flags: { nonsense: 1 } })[0], 'unknown_config_key')
})

test('variables that Kubernetes makes for a service called millrace are nobody’s mistake', t => {
  const env = {
    MILLRACE_PORT: 'tcp://10.0.0.1:8080',
    MILLRACE_SERVICE_HOST: '10.0.0.1',
    MILLRACE_PORT_8080_TCP_ADDR: 'x'
  }
  t.is(failure({ env })[0], 'ok')
})

test('a wrong value stops with what it must be and where it stands', t => {
  t.deepEqual(failure({ env: { MILLRACE_HTTP_PORT: '70000' } }), [
    'bad_config',
    'http.port must be a whole number from 0 to 65535; MILLRACE_HTTP_PORT has 70000.'
  ])
  const path = file({ http: { port: '8080' } })
  t.deepEqual(failure({ file: path }), [
    'bad_config',
    `http.port must be a whole number from 0 to 65535; ${path} has "8080".`
  ])
  for (const [name, value] of [
    ['embedded.partitions', 0],
    ['stream.memory_max_mb', 1],
    ['purchase_source', 'both'],
    ['consent.default', true],
    ['insecure', 'yes'],
    ['namespace', 'a b'],
    ['http.cors_origins', [1]],
    ['tables.users.columns', { nope: 'x' }],
    ['tables.users.columns', { name: '' }],
    ['api_keys', [{ name: 'a', key: 'b', scopes: ['all'] }]],
    ['api_keys', [{ name: 'a', key: '', scopes: ['read'] }]]
  ] as const) {
    t.is(failure({ flags: { [name]: value } })[0], 'bad_config', name)
  }
})

test('a wrong key is not repeated in the sentence that refuses it', t => {
  t.false(failure({ env: { MILLRACE_API_KEYS: 'shop:s3cret:everything' } })[1].includes('s3cret'))
})

test('what works on the embedded log alone is refused with one sentence when the log is Kafka', t => {
  const path = file({ log: 'kafka' })
  const error = t.throws(() => requireEmbedded(loadConfig({ file: path, env: {} }), 'millrace start'))
  t.is(codeOf(error), 'embedded_log_only')
  t.is(
    error?.message,
    `millrace start works on the embedded log, and log is "kafka" (${path}): run millrace stream and millrace serve, or set log to "embedded".`
  )
  t.notThrows(() => requireEmbedded(loadConfig({ env: {} }), 'millrace start'))
})

test('brokers, registry and Redis can be written in variables', t => {
  const { config } = loadConfig({
    env: {
      MILLRACE_LOG: 'kafka',
      MILLRACE_KAFKA_BROKERS: 'a.example:9092, [::1]:9093',
      MILLRACE_KAFKA_SSL_ENABLED: 'true',
      MILLRACE_KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      MILLRACE_KAFKA_SASL_PASSWORD: 'p, q',
      MILLRACE_REGISTRY_URL: 'http://registry:8081/apis/ccompat/v7',
      MILLRACE_REDIS_URL: 'rediss://redis:6379/1',
      MILLRACE_REDIS_TTL_S: '60'
    }
  })
  t.is(config.log, 'kafka')
  t.deepEqual(config.kafka.brokers, ['a.example:9092', '[::1]:9093'])
  t.deepEqual(config.kafka.sasl, { mechanism: 'SCRAM-SHA-512', username: '', password: 'p, q' })
  t.true(config.kafka.ssl.enabled)
  t.is(config.registry.url, 'http://registry:8081/apis/ccompat/v7')
  t.deepEqual(config.redis, { url: 'rediss://redis:6379/1', ttl_s: 60 })
})

test('addresses that are none are refused', t => {
  for (const [name, value] of [
    ['kafka.brokers', 'localhost'],
    ['kafka.brokers', ''],
    ['kafka.brokers', []],
    ['kafka.sasl.mechanism', 'GSSAPI'],
    ['registry.url', 'registry:8081'],
    ['registry.url', 'ftp://registry'],
    ['redis.url', 'localhost:6379']
  ] as const) {
    t.is(failure({ flags: { [name]: value } })[0], 'bad_config', name)
  }
})

test('a span of time is a number with its unit, and nothing else', t => {
  for (const wrong of ['730', '0d', '2 y', '1w', 730]) {
    t.is(failure({ flags: { 'events.max_age': wrong } })[0], 'bad_config', String(wrong))
  }
})

test('a file that is missing or no JSON stops, unless nobody asked for it', t => {
  t.is(failure({ file: join(folder, 'none.json') })[0], 'bad_config_file')
  t.is(failure({ file: file('{') })[0], 'bad_config_file')
  t.is(failure({ file: file([]) })[0], 'bad_config')
  t.is(failure({ file: file({ http: 8080 }) })[0], 'bad_config')
})

test('secrets are masked where the configuration is printed', t => {
  const entries = configEntries(loadConfig({ env: { MILLRACE_API_KEYS: 'shop:s3cret:read' } }))
  const keys = entries.find(({ key }) => key === 'api_keys')
  t.deepEqual(keys?.value, [{ name: 'shop', key: '***', scopes: ['read'] }])
  t.false(JSON.stringify(entries).includes('s3cret'))
  t.is(entries.length, namedKeys.length)
})

test('passwords are not printed, also where they stand in an address', t => {
  const entries = configEntries(
    loadConfig({ env: { MILLRACE_KAFKA_SASL_PASSWORD: 's3cret', MILLRACE_REDIS_URL: 'redis://me:s3cret@redis:6379' } })
  )
  const shown = (name: string) => entries.find(({ key }) => key === name)?.value
  t.is(shown('kafka.sasl.password'), '***')
  t.is(shown('registry.password'), '')
  t.is(shown('redis.url'), 'redis://***@redis:6379')
})

test('the JSON Schema has every key with its default', t => {
  const { properties } = configJsonSchema() as { properties: Record<string, any> }
  t.is(properties.http.properties.port.default, 8080)
  t.is(properties.tables.properties['order-items'].properties.columns.additionalProperties, false)
  t.deepEqual(properties.log.enum, ['embedded', 'kafka'])
})
