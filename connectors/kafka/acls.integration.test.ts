import { once } from 'node:events'
import { createServer } from 'node:net'
import {
  AclOperations,
  AclPermissionTypes,
  createAclsV3,
  ResourcePatternTypes,
  ResourceTypes
} from '@platformatic/kafka'
import test from 'ava'
import { codeOf } from '../../engine/errors.ts'
import { type Acl, aclsNeeded } from './acls.ts'
import { Admin } from './admin.ts'
import { committedOffsets } from './committed-offsets.ts'
import { GroupMember } from './group-member.ts'
import { offsetsOf } from './list-offsets.ts'
import { rightsOnGroup, rightsOnTopics } from './rights.ts'
import { type KafkaFixture, kafkaStories, readTo, record } from './testing/kafka-fixture.ts'
import { newTopic } from './topic-fit.ts'
import { TransactionalProducer } from './transactional-producer.ts'

const password = 'test-only-secret'
let saslPort = 0

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address ? address.port : 0
}

const story = kafkaStories(test, 1, async () => {
  const [main, controller] = [await freePort(), await freePort()]
  saslPort = await freePort()
  const listeners = `PLAINTEXT://127.0.0.1:${main},SASL_PLAINTEXT://127.0.0.1:${saslPort},CONTROLLER://127.0.0.1:${controller}`
  const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required'
  return {
    port: main,
    properties: {
      listeners,
      'advertised.listeners': listeners,
      'controller.quorum.bootstrap.servers': `127.0.0.1:${controller}`,
      'sasl.enabled.mechanisms': 'PLAIN',
      'listener.name.sasl_plaintext.plain.sasl.jaas.config': `${login} user_worker="${password}" user_stranger="${password}";`,
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS'
    }
  }
})

const operations: Record<string, number> = {
  Create: AclOperations.CREATE,
  Delete: AclOperations.DELETE,
  Describe: AclOperations.DESCRIBE,
  DescribeConfigs: AclOperations.DESCRIBE_CONFIGS,
  Read: AclOperations.READ,
  Write: AclOperations.WRITE
}
const resources = {
  topic: ResourceTypes.TOPIC,
  group: ResourceTypes.GROUP,
  'transactional-id': ResourceTypes.TRANSACTIONAL_ID,
  cluster: ResourceTypes.CLUSTER
}

async function grant(kafka: KafkaFixture, acls: readonly Acl[]): Promise<void> {
  const link = await kafka.cluster().anyLink()
  const creations = acls.flatMap(acl =>
    acl.operations.map(operation => ({
      resourceType: resources[acl.resource],
      resourceName: acl.name,
      resourcePatternType: acl.pattern === 'literal' ? ResourcePatternTypes.LITERAL : ResourcePatternTypes.PREFIXED,
      principal: 'User:worker',
      host: '*',
      operation: operations[operation],
      permissionType: AclPermissionTypes.ALLOW
    }))
  )
  await link.send([createAclsV3.api] as never, 'granting rights', ...([creations] as never[]))
}

/** All that a stream worker does. */
async function work(
  kafka: KafkaFixture,
  { username, namespace, input }: { username: string; namespace: string; input: string }
) {
  const sasl = { mechanism: 'PLAIN', username, password } as const
  const cluster = kafka.cluster({ bootstrap: [`127.0.0.1:${saslPort}`], sasl, retryTimeoutMs: 5_000 })
  const admin = new Admin(cluster)
  const output = `${namespace}.changelog`
  await admin.createTopics([newTopic({ name: output, partitions: 1, cleanup: 'delete', recordBytesMax: 10_000 }, -1)])
  await admin.topicConfigs([output, input])
  const producer = new TransactionalProducer(cluster, { transactionalId: `${namespace}-worker-1` })
  await producer.claim()
  const taskGroups = [{ name: 'count', topics: [input] }]
  const member = new GroupMember(cluster, {
    group: namespace,
    instanceId: 'worker-1',
    taskGroups,
    sessionTimeoutMs: 3_000
  })
  const membership = await member.join()
  await committedOffsets(cluster, namespace, new Map([[input, [0]]]))
  producer.add(output, 0, record('out'))
  const positions = new Map([[input, new Map([[0, { offset: 1 }]])]])
  await producer.commit({ group: namespace, member: membership, positions })
  const ends = await offsetsOf(cluster, [{ topic: output, partition: 0 }], 'highWatermark')
  const seen = await readTo(kafka.reader({}, cluster), { topic: output, from: 0, end: ends.get(output)?.get(0) ?? 0 })
  await admin.deleteRecords([{ topic: output, partition: 0, offset: 1 }])
  await admin.describeGroup(namespace)
  await member.drain()
  return seen
}

story('a worker does all its work with the rights that are listed, and nobody else can', async (kafka, t) => {
  const input = await kafka.topic('orders')
  const namespace = `shop${kafka.run}`
  const refused = await t.throwsAsync(work(kafka, { username: 'worker', namespace, input }))
  t.is(codeOf(refused), 'kafka_forbidden')
  await grant(kafka, aclsNeeded({ namespace, inputs: [input], outputs: [], createsTopics: true }))
  t.deepEqual(await work(kafka, { username: 'worker', namespace, input }), ['0:out'])
  const stranger = await t.throwsAsync(work(kafka, { username: 'stranger', namespace, input }))
  t.is(codeOf(stranger), 'kafka_forbidden')
})

story(
  'what is allowed is told by the brokers: of topics that are there, hidden ones included, and of groups',
  async (kafka, t) => {
    const [open, hidden] = [await kafka.topic('open'), await kafka.topic('hidden')]
    const group = `readers${kafka.run}`
    const sasl = { mechanism: 'PLAIN', username: 'worker', password } as const
    const cluster = kafka.cluster({ bootstrap: [`127.0.0.1:${saslPort}`], sasl, retryTimeoutMs: 5_000 })
    t.deepEqual(await rightsOnGroup(cluster, group), new Set())
    await grant(kafka, [
      { resource: 'topic', name: open, pattern: 'literal', operations: ['Describe', 'Read'] },
      { resource: 'group', name: group, pattern: 'literal', operations: ['Describe', 'Read'] }
    ])
    const found = await rightsOnTopics(cluster, [open, hidden])
    t.deepEqual(
      found,
      new Map([
        [open, new Set(['Read', 'Describe'])],
        [hidden, new Set<string>()]
      ])
    )
    t.deepEqual(await rightsOnGroup(cluster, group), new Set(['Read', 'Describe']))
    const trusted = kafka.cluster()
    t.true((await rightsOnTopics(trusted, [open, 'not-there'])).get(open)?.has('DescribeConfigs'))
    t.false((await rightsOnTopics(trusted, [open, 'not-there'])).has('not-there'))
  }
)
