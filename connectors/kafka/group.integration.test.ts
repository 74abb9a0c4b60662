import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { codeOf } from '../../engine/errors.ts'
import { Admin } from './admin.ts'
import { commitOffsets, committedOffsets } from './committed-offsets.ts'
import { GroupMember, type GroupOptions, type Membership } from './group-member.ts'
import { type KafkaFixture, kafkaStories, record } from './testing/kafka-fixture.ts'

const story = kafkaStories(test, 1)

interface Worker {
  member: GroupMember
  seen: string[]
  cluster: ReturnType<KafkaFixture['cluster']>
}

function worker(kafka: KafkaFixture, name: string, topic: string, traits: Partial<GroupOptions> = {}): Worker {
  const seen: string[] = []
  const cluster = kafka.cluster()
  const member = new GroupMember(cluster, {
    group: `g-${kafka.run}-${topic}`,
    instanceId: name,
    taskGroups: [{ name: 'count', topics: [topic] }],
    sessionTimeoutMs: 3_000,
    rebalanceTimeoutMs: 5_000,
    heartbeatIntervalMs: 200,
    assigned: ({ generation, tasks }) => seen.push(`assigned ${generation}: ${tasks.join(' ')}`),
    lost: error => seen.push(`lost ${error.code}`),
    ended: error => seen.push(`ended ${error.code}`),
    ...traits
  })
  return { member, seen, cluster }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let left = 300; !condition(); left--) {
    if (left === 0) throw new Error(`it never came to: ${what}`)
    await sleep(50)
  }
}

const tasksOf = ({ member }: Worker) => member.membership?.tasks ?? []

story('tasks are shared out, kept where they are, and given up only after the last commit', async (kafka, t) => {
  const topic = await kafka.topic('shared', { partitions: 4 })
  const order: string[] = []
  const a = worker(kafka, 'a', topic, {
    beforeJoin: async (membership: Membership) => {
      order.push(`commit under ${membership.generation}`)
      await sleep(300)
      order.push('committed')
    },
    assigned: ({ tasks }) => order.push(`assigned ${tasks.length}`)
  })
  t.is((await a.member.join()).tasks.length, 4)
  const b = worker(kafka, 'b', topic)
  const joined = await b.member.join()
  await until(() => tasksOf(a).length === 2, 'two tasks each')
  t.deepEqual(order, ['assigned 4', 'commit under 1', 'committed', 'assigned 2'])
  t.deepEqual([...tasksOf(a), ...joined.tasks].sort(), ['count/0', 'count/1', 'count/2', 'count/3'])
  const keptByA = tasksOf(a)
  const c = worker(kafka, 'c', topic)
  await c.member.join()
  await until(() => tasksOf(a).length + tasksOf(b).length === 3, 'three share four')
  t.true(tasksOf(a).every(task => keptByA.includes(task)))
  await c.member.drain()
  await until(() => tasksOf(a).length + tasksOf(b).length === 4, 'the drained worker’s task has moved')
  for (const one of [a, b]) one.member.close()
})

story('a worker that comes back under its name within the session moves nothing', async (kafka, t) => {
  const topic = await kafka.topic('static', { partitions: 4 })
  const a = worker(kafka, 'a', topic)
  const b = worker(kafka, 'b', topic)
  await a.member.join()
  await b.member.join()
  await until(() => tasksOf(a).length === 2 && tasksOf(b).length === 2, 'two tasks each')
  for (const [name, old] of [
    ['a', a],
    ['b', b]
  ] as const) {
    const before = { tasks: tasksOf(old), generation: old.member.membership?.generation }
    const other = name === 'a' ? b : a
    const seenByOther = other.seen.length
    old.member.close()
    await old.cluster.close()
    const again = worker(kafka, name, topic)
    const { tasks, generation } = await again.member.join()
    t.deepEqual({ tasks, generation }, before)
    await sleep(600)
    t.is(other.seen.length, seenByOther)
    if (name === 'a') Object.assign(a, again)
    else again.member.close()
  }
  const { members, state } = await new Admin(kafka.cluster()).describeGroup(`g-${kafka.run}-${topic}`)
  t.is(state, 'Stable')
  t.deepEqual(members.map(({ instanceId }) => instanceId).sort(), ['a', 'b'])
  a.member.close()
})

story('a second process under the same name ends the first, in one sentence', async (kafka, t) => {
  const topic = await kafka.topic('same-name')
  const first = worker(kafka, 'a', topic)
  await first.member.join()
  const second = worker(kafka, 'a', topic)
  await second.member.join()
  await until(() => first.seen.includes('ended kafka_instance_fenced'), 'the first has ended')
  t.deepEqual(tasksOf(second), ['count/0'])
  second.member.close()
})

story('a worker that was silent for a session loses its tasks, and its commit is refused', async (kafka, t) => {
  const topic = await kafka.topic('zombie', { partitions: 2 })
  const output = await kafka.topic('zombie-out')
  const group = `g-${kafka.run}-${topic}`
  const zombie = worker(kafka, 'a', topic, { heartbeatIntervalMs: 6_000 })
  const old = await zombie.member.join()
  const producer = await kafka.producer('zombie')
  producer.add(output, 0, record('zombie'))
  await producer.sent()
  const heir = worker(kafka, 'b', topic)
  await heir.member.join()
  await until(() => tasksOf(heir).length === 2, 'the other has all tasks')
  const positions = new Map([[topic, new Map([[0, { offset: 1 }]])]])
  const error = await t.throwsAsync(producer.commit({ group, member: old, positions }))
  t.is(codeOf(error), 'kafka_membership_lost')
  await producer.abort()
  t.deepEqual(await kafka.visible(output), [])
  await until(() => zombie.seen.some(line => line.startsWith('lost')), 'the zombie knows')
  await until(() => tasksOf(zombie).length === 1, 'it has joined again')
  for (const one of [zombie, heir]) one.member.close()
})

story('a unit is committed under the generation it ran in', async (kafka, t) => {
  const topic = await kafka.topic('generation', { partitions: 2 })
  const output = await kafka.topic('generation-out')
  const a = worker(kafka, 'a', topic)
  const member = await a.member.join()
  const producer = await kafka.producer('a')
  producer.add(output, 0, record('mine'))
  const positions = new Map([[topic, new Map([[0, { offset: 1 }]])]])
  await producer.commit({ group: `g-${kafka.run}-${topic}`, member, positions })
  t.deepEqual(await kafka.visible(output), ['0:mine'])
  a.member.close()
})

story(
  'at least once: offsets are committed outside of transactions, under the current generation only',
  async (kafka, t) => {
    const topic = await kafka.topic('at-least-once')
    const group = `g-${kafka.run}-${topic}`
    const a = worker(kafka, 'a', topic)
    const member = await a.member.join()
    const commit = (generation: number, offset: number) =>
      commitOffsets(a.cluster, {
        group,
        member: { ...member, generation },
        positions: new Map([[topic, new Map([[0, { offset, metadata: 'm' }]])]])
      })
    await commit(member.generation, 7)
    t.is(codeOf(await t.throwsAsync(commit(member.generation - 1, 9))), 'kafka_membership_lost')
    t.deepEqual((await committedOffsets(a.cluster, group)).get(topic)?.get(0), { offset: 7, metadata: 'm' })
    await a.member.close()
  }
)
