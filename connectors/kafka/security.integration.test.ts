import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { codeOf } from '../../engine/errors.ts'
import { Admin } from './admin.ts'
import type { ClusterOptions } from './cluster.ts'
import { IdempotentProducer } from './idempotent-producer.ts'
import { type KafkaFixture, kafkaStories, readTo, record } from './testing/kafka-fixture.ts'

const run = promisify(execFile)
const password = 'test-only-secret'
const ports = { sasl: 0, ssl: 0, saslSsl: 0 }
let folder = ''

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address ? address.port : 0
}

/** A certificate of its own for 127.0.0.1, in a store that the broker reads. */
async function certificate(): Promise<string> {
  const store = join(folder, 'broker.p12')
  const access = ['-keystore', store, '-storetype', 'PKCS12', '-storepass', password, '-alias', 'broker']
  const subject = [
    '-dname',
    'CN=localhost',
    '-ext',
    'SAN=ip:127.0.0.1,dns:localhost',
    '-keyalg',
    'RSA',
    '-validity',
    '30'
  ]
  await run('keytool', ['-genkeypair', ...access, ...subject])
  await run('keytool', ['-exportcert', '-rfc', ...access, '-file', join(folder, 'broker.pem')])
  return store
}

const story = kafkaStories(test, 1, async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-tls-'))
  const store = await certificate()
  for (const name of ['sasl', 'ssl', 'saslSsl'] as const) ports[name] = await freePort()
  const [main, controller] = [await freePort(), await freePort()]
  const user = 'org.apache.kafka.common.security'
  const listeners = [
    `PLAINTEXT://127.0.0.1:${main}`,
    `SASL_PLAINTEXT://127.0.0.1:${ports.sasl}`,
    `SSL://127.0.0.1:${ports.ssl}`,
    `SASL_SSL://127.0.0.1:${ports.saslSsl}`,
    `CONTROLLER://127.0.0.1:${controller}`
  ].join(',')
  const logins = (listener: string) => ({
    [`listener.name.${listener}.plain.sasl.jaas.config`]: `${user}.plain.PlainLoginModule required user_alice="${password}";`,
    [`listener.name.${listener}.scram-sha-256.sasl.jaas.config`]: `${user}.scram.ScramLoginModule required;`,
    [`listener.name.${listener}.scram-sha-512.sasl.jaas.config`]: `${user}.scram.ScramLoginModule required;`
  })
  return {
    port: main,
    properties: {
      listeners,
      'advertised.listeners': listeners,
      'controller.quorum.bootstrap.servers': `127.0.0.1:${controller}`,
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      ...logins('sasl_plaintext'),
      ...logins('sasl_ssl'),
      'ssl.keystore.location': store,
      'ssl.keystore.type': 'PKCS12',
      'ssl.keystore.password': password
    },
    format: ['256', '512'].flatMap(bits => ['--add-scram', `SCRAM-SHA-${bits}=[name=bob,password=${password}]`])
  }
})

test.after.always(() => rm(folder, { recursive: true, force: true }))

async function roundTrip(kafka: KafkaFixture, options: Partial<ClusterOptions>): Promise<string[]> {
  const cluster = kafka.cluster(options)
  const topic = `secure-${kafka.run}`
  await new Admin(cluster).createTopics([{ name: topic, partitions: 1, configs: {} }])
  await new IdempotentProducer(cluster).append(topic, [{ ...record('hello'), partition: 0 }])
  return readTo(kafka.reader({}, cluster), { topic, from: 0, end: 1 })
}

for (const [mechanism, username] of [
  ['PLAIN', 'alice'],
  ['SCRAM-SHA-256', 'bob'],
  ['SCRAM-SHA-512', 'bob']
] as const) {
  story(`SASL ${mechanism}: who knows the password works, who does not is told at once`, async (kafka, t) => {
    const bootstrap = [`127.0.0.1:${ports.sasl}`]
    t.deepEqual(await roundTrip(kafka, { bootstrap, sasl: { mechanism, username, password } }), ['0:hello'])
    const wrong = roundTrip(kafka, { bootstrap, sasl: { mechanism, username, password: 'wrong' } })
    t.is(codeOf(await t.throwsAsync(wrong)), 'kafka_login')
  })
}

story('TLS, with SASL too: a broker is trusted by its certificate only', async (kafka, t) => {
  const ca = await readFile(join(folder, 'broker.pem'))
  const bootstrap = [`127.0.0.1:${ports.ssl}`]
  t.deepEqual(await roundTrip(kafka, { bootstrap, tls: { ca } }), ['0:hello'])
  const sasl = { mechanism: 'SCRAM-SHA-512', username: 'bob', password } as const
  t.is((await roundTrip(kafka, { bootstrap: [`127.0.0.1:${ports.saslSsl}`], tls: { ca }, sasl }))[0], '0:hello')
  t.is(codeOf(await t.throwsAsync(roundTrip(kafka, { bootstrap, tls: {} }))), 'kafka_tls')
  t.is(codeOf(await t.throwsAsync(roundTrip(kafka, { bootstrap }))), 'kafka_tls')
})
