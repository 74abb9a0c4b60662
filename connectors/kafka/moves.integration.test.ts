import test from 'ava'
import { Admin } from './admin.ts'
import type { Cluster } from './cluster.ts'
import { committedOffsets } from './committed-offsets.ts'
import { GroupMember } from './group-member.ts'
import { offsetsOf } from './list-offsets.ts'
import type { Broker } from './testing/broker.ts'
import { type KafkaFixture, kafkaStories, readTo, record } from './testing/kafka-fixture.ts'
import { TransactionalProducer } from './transactional-producer.ts'

const story = kafkaStories(test, 3)

interface Job {
  cluster: Cluster
  topic: string
  partitions: number
  units: number
  /** Between units. */
  before: (unit: number) => Promise<void>
}

/** A worker as DESIGN 3 wants it: on any error abort, else claim anew, and go on from the committed offset. */
async function work({ cluster, topic, partitions, units, before }: Job): Promise<Record<string, number>> {
  const group = `g-${topic}`
  const met: Record<string, number> = {}
  const claim = async () => {
    const producer = new TransactionalProducer(cluster, { transactionalId: `id-${topic}`, timeoutMs: 20_000 })
    await producer.claim()
    return producer
  }
  const committed = async () => (await committedOffsets(cluster, group)).get(topic)?.get(0)?.offset ?? 0
  let producer = await claim()
  for (let unit = await committed(); unit < units; ) {
    await before(unit)
    try {
      for (let p = 0; p < partitions; p++) producer.add(topic, p, record(String(unit)))
      await producer.commit({ group, positions: new Map([[topic, new Map([[0, { offset: unit + 1 }]])]]) })
      unit++
    } catch (error) {
      const { code = 'foreign' } = error as { code?: string }
      met[code] = (met[code] ?? 0) + 1
      try {
        await producer.abort()
      } catch {
        producer = await claim()
      }
      unit = await committed()
    }
  }
  return met
}

async function outputs(kafka: KafkaFixture, topic: string, partition: number): Promise<string[]> {
  const cluster = kafka.cluster()
  const end = (await offsetsOf(cluster, [{ topic, partition }], 'highWatermark')).get(topic)?.get(partition) ?? 0
  const lines = await readTo(kafka.reader({}, cluster), { topic, partition, from: 0, end })
  return lines.map(line => line.split(':')[1])
}

const nodeOf = (kafka: KafkaFixture, id: number): Broker => kafka.brokers.nodes[id - 1]

story('leaders and coordinators that die and come back cost no record and double none', async (kafka, t) => {
  t.timeout(240_000)
  const partitions = 6
  const topic = await kafka.topic('moves', { partitions })
  const cluster = kafka.cluster({ requestTimeoutMs: 5_000, retryTimeoutMs: 60_000 })
  const killed: number[] = []
  const kill = async (id: number) => {
    killed.push(id)
    await nodeOf(kafka, id).stop('SIGKILL')
  }
  const coordinatorOf = (kind: 'group' | 'transaction', key: string) => nodeIdOf(cluster, kind, key, kafka)
  const met = await work({
    cluster,
    topic,
    partitions,
    units: 60,
    async before(unit) {
      const [victim] = killed.slice(-1)
      if (unit === 10 && killed.length === 0) await kill((await cluster.topic(topic)).partitions[0].leader)
      if (unit === 25 && killed.length === 1) {
        await nodeOf(kafka, victim).start()
        await inSync(kafka, topic)
        await kill(await coordinatorOf('transaction', `id-${topic}`))
      }
      if (unit === 45 && killed.length === 2) {
        await nodeOf(kafka, victim).start()
        await inSync(kafka, topic)
        await kill(await coordinatorOf('group', `g-${topic}`))
      }
    }
  })
  t.log(`killed ${killed.join(', ')}; errors met ${JSON.stringify(met)}`)
  t.is(killed.length, 3)
  await nodeOf(kafka, killed[2]).start()
  const expected = Array.from({ length: 60 }, (_, i) => String(i))
  for (let p = 0; p < partitions; p++) t.deepEqual(await outputs(kafka, topic, p), expected)
})

story('a member whose coordinator dies keeps its tasks', async (kafka, t) => {
  t.timeout(180_000)
  const topic = await kafka.topic('member', { partitions: 3 })
  const cluster = kafka.cluster({ requestTimeoutMs: 5_000 })
  const group = `member-${topic}`
  const seen: string[] = []
  const member = new GroupMember(cluster, {
    group,
    instanceId: 'a',
    taskGroups: [{ name: 'count', topics: [topic] }],
    sessionTimeoutMs: 30_000,
    heartbeatIntervalMs: 300,
    assigned: ({ generation, tasks }) => seen.push(`${generation}: ${tasks.length}`),
    lost: ({ code }) => seen.push(`lost ${code}`)
  })
  await member.join()
  await inSync(kafka, topic)
  const victim = await nodeIdOf(cluster, 'group', group, kafka)
  await nodeOf(kafka, victim).stop('SIGKILL')
  await new Promise(resolve => setTimeout(resolve, 12_000))
  const { state, members } = await new Admin(kafka.cluster()).describeGroup(group)
  t.deepEqual([state, members.length, member.membership?.tasks.length], ['Stable', 1, 3])
  t.deepEqual(seen, ['1: 3'])
  await member.close()
  await nodeOf(kafka, victim).start()
})

/** Which node answers for a key: the one whose address the coordinator has. */
async function nodeIdOf(cluster: Cluster, kind: 'group' | 'transaction', key: string, kafka: KafkaFixture) {
  const { port } = await cluster.coordinator(kind, key)
  return kafka.brokers.nodes.findIndex(node => node.port === port) + 1
}

/** Every partition has a leader and all replicas again. */
async function inSync(kafka: KafkaFixture, topic: string): Promise<void> {
  const cluster = kafka.cluster()
  for (let left = 200; left > 0; left--) {
    const { partitions } = await cluster.retrying('waiting', async () => cluster.topic(topic))
    if (partitions.every(({ leader, isr }) => leader > 0 && isr === 3)) return
    cluster.invalidate()
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}
