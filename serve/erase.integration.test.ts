import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { newDirectory, type StartedInstance, startInstance } from './testing/instance.ts'

const minute = 60_000
const now = Date.now()

async function ask(url: string, method = 'GET', body?: unknown): Promise<any> {
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  })
  return { status: response.status, ...((await response.json()) as object) }
}

async function until<T>(look: () => Promise<T>, isThere: (found: T) => boolean): Promise<T> {
  for (;;) {
    const found = await look()
    if (isThere(found)) return found
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

let serial = 0
const act = (user_id: string | null, session_id: string | null, product_id: string, minutesAgo: number) => ({
  event_id: `e${++serial}`,
  ...(user_id && { user_id }),
  ...(session_id && { session_id }),
  event_type: 'view',
  product_id,
  ts: new Date(now - minutesAgo * minute).toISOString()
})

/** Ann on two devices, one of them anonymous at first; Bob on one of hers later, and elsewhere. */
const annsVisits = [
  act(null, 'phone-of-ann', 'p1', 300),
  act(null, 'phone-of-ann', 'p2', 299),
  act('ann', 'phone-of-ann', 'p3', 298),
  act('ann', 'laptop-of-ann', 'p1', 200),
  act('ann', 'laptop-of-ann', 'p2', 199),
  act('ann', null, 'p4', 100)
]
const othersVisits = [
  act('bob', 'phone-of-ann', 'p1', 50),
  act('bob', 'phone-of-ann', 'p5', 49),
  act('bob', 'phone-of-bob', 'p1', 40),
  act('bob', 'phone-of-bob', 'p2', 39)
]

async function views(instance: StartedInstance): Promise<unknown[]> {
  const ids = ['p1', 'p2', 'p3', 'p4', 'p5']
  const rows = await Promise.all(ids.map(id => ask(`${instance.url}/v1/products/${id}/features`)))
  return rows.map(({ features }) => features?.views ?? 0)
}

const featuresOf = async ({ url }: StartedInstance, user: string) =>
  (await ask(`${url}/v1/users/${user}/features`)).features
const receiptOf = ({ url }: StartedInstance, id: string) => ask(`${url}/v1/erasures/${id}`)
const isReady = async ({ adminUrl }: StartedInstance) => (await fetch(`${adminUrl}/readyz`)).status === 200

test.serial('who is erased is forgotten at every place, though the process is killed in between', async t => {
  t.timeout(180_000)
  const directory = newDirectory(t)
  const snapshot = () => readFileSync(join(directory, 'session-index.snapshot'), 'latin1')
  const restarted = async () => {
    const instance = await startInstance(t, ['--no-demo'], directory)
    await until(
      () => isReady(instance),
      ready => ready
    )
    return instance
  }

  const first = await restarted()
  await ask(`${first.url}/v1/events`, 'POST', { events: [...annsVisits, ...othersVisits] })
  await until(
    () => views(first),
    found => String(found) === '4,3,1,1,1'
  )
  await first.kill('SIGTERM')
  t.true(snapshot().includes('laptop-of-ann'), 'the snapshot knows her visit')

  const second = await restarted()
  const begun = await ask(`${second.url}/v1/users/ann`, 'DELETE')
  t.is(begun.status, 202)
  t.is(begun.state, 'running')
  await second.kill('SIGKILL')

  const third = await restarted()
  const receipt = await until(
    () => receiptOf(third, begun.erasure_id),
    ({ state }) => state === 'done'
  )
  t.deepEqual(
    receipt.places.map(({ place, state }: { place: string; state: string }) => `${place} ${state}`),
    ['profile done', 'counts done', 'session-index done', 'learned-weights next_replay', 'tables kept', 'log kept']
  )
  t.is(await featuresOf(third, 'ann'), null)
  t.deepEqual(await views(third), [2, 1, 0, 0, 1], 'done means that counts are, too')
  t.deepEqual((await featuresOf(third, 'bob')).seen.length, 3, 'others keep what is theirs')
  t.false(snapshot().includes('laptop-of-ann'))

  // What was still on its way, or comes again, does not bring her back.
  await ask(`${third.url}/v1/events`, 'POST', { events: [...annsVisits, act('ann', 'tablet-of-ann', 'p4', 0)] })
  await ask(`${third.url}/v1/events`, 'POST', act('bob', 'phone-of-bob', 'p5', 0))
  await until(
    () => views(third),
    found => String(found) === '2,1,0,0,2'
  )
  await third.kill('SIGKILL')

  const fourth = await restarted()
  await until(
    () => receiptOf(fourth, begun.erasure_id),
    ({ state }) => state === 'done'
  )
  t.deepEqual(await views(fourth), [2, 1, 0, 0, 2])
  t.is(await featuresOf(fourth, 'ann'), null)
  await fourth.kill('SIGTERM')
  for (const id of ['laptop-of-ann', 'tablet-of-ann']) t.false(snapshot().includes(id), id)
})

test.serial('an erasure that nobody has begun is not known', async t => {
  const instance = await startInstance(t, ['--no-demo'])
  await until(
    () => isReady(instance),
    ready => ready
  )
  t.like(await receiptOf(instance, 'era_x'), { status: 404, code: 'unknown_erasure' })
})
