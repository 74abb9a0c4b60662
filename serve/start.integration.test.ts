import { existsSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { newDirectory, type StartedInstance, startInstance } from './testing/instance.ts'

const pairsTotal = Number(process.env.PAIRS ?? 10_000)
const inFlightMax = 64

async function post(url: string, body: unknown): Promise<any> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body)
  })
  return { status: response.status, ...((await response.json()) as object) }
}

const product = (i: number) => ({
  product_id: `p${i}`,
  title: `Product ${i}`,
  category: `c${i % 7}`,
  price: i + 1,
  stock: 5
})

async function shopOf(instance: StartedInstance, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, i) => product(i))
  const { token } = await post(`${instance.url}/v1/tables/products`, rows)
  const answer = await post(`${instance.url}/v1/recommendations?after=${token}`, { surface: 'home', limit: 1 })
  if (answer.state.after !== 'reached') await new Promise(resolve => setTimeout(resolve, 500))
}

async function inParallel(count: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: inFlightMax }, async () => {
      while (next < count) await work(next++)
    })
  )
}

test.serial(`of ${pairsTotal} clicks that are asked about with after, none is missed`, async t => {
  t.timeout(300_000)
  const instance = await startInstance(t, ['--no-demo'])
  await shopOf(instance, 200)
  let stale = 0
  let reached = 0
  await inParallel(pairsTotal, async i => {
    const user = `u${i}`
    const click = {
      event_id: `e${i}`,
      user_id: user,
      session_id: `s${i}`,
      event_type: 'view',
      product_id: `p${i % 200}`
    }
    const { token } = await post(`${instance.url}/v1/events`, click)
    const answer = await post(`${instance.url}/v1/recommendations?after=${token}`, { surface: 'home', limit: 1 })
    if (answer.state.after !== 'reached') return
    reached++
    // What the stream made of it, which knows nothing of the serving side's own memory of a session.
    const { features } = (await (await fetch(`${instance.url}/v1/users/${user}/features`)).json()) as any
    if (features?.seen?.[0]?.product_id !== click.product_id) stale++
  })
  t.log(`${reached} of ${pairsTotal} reached within the bound`)
  t.is(stale, 0)
  t.true(reached >= pairsTotal * 0.99)
})

test.serial('a restart goes on with everything that was acknowledged', async t => {
  t.timeout(120_000)
  const directory = newDirectory(t)
  const first = await startInstance(t, ['--no-demo'], directory)
  await shopOf(first, 20)
  const { token } = await post(`${first.url}/v1/events`, {
    event_id: 'e',
    session_id: 's',
    event_type: 'view',
    product_id: 'p3'
  })
  t.regex(token, /^c/)
  await first.kill('SIGKILL')
  const second = await startInstance(t, ['--no-demo'], directory)
  const answer = await post(`${second.url}/v1/recommendations?after=${token}`, {
    surface: 'home',
    session_id: 's',
    limit: 3
  })
  t.not(answer.state.after, 'unknown')
  t.is(answer.items.length, 3)
  t.false(answer.fallback)
})

const nameAndShare = ({ product_id, explain }: any) => [product_id, explain.next_item]

test.serial('what others opened next is known after a kill, and after an orderly end from the snapshot', async t => {
  t.timeout(120_000)
  const directory = newDirectory(t)
  let instance = await startInstance(t, ['--no-demo'], directory)
  await shopOf(instance, 60)
  const started = Date.now() - 3_600_000
  let token = ''
  for (let i = 0; i < 60; i++) {
    const visit = [i % 60, (i * i) % 60, (i * 7) % 60].map((item, place) => ({
      event_id: `${i}-${place}`,
      session_id: `v${i}`,
      event_type: 'view',
      product_id: `p${item}`,
      ts: new Date(started + (i * 3 + place) * 5_000).toISOString()
    }))
    token = (await post(`${instance.url}/v1/events`, { events: visit })).token
  }
  const lists = async () => {
    const asked = [1, 5, 9, 33].map(item => ({ surface: 'home', session: [`p${item}`], explain: true, limit: 20 }))
    const answers = await Promise.all(asked.map(query => post(`${instance.url}/v1/recommendations`, query)))
    return answers.map(({ items }) => items.filter((item: any) => item.explain.next_item).map(nameAndShare))
  }
  const { state } = await post(`${instance.url}/v1/recommendations?after=${token}`, { surface: 'home' })
  t.is(state.after, 'reached')
  const before = await lists()
  t.true(before.every(list => list.length > 0))
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    await instance.kill(signal)
    t.is(existsSync(join(directory, 'session-index.snapshot')), signal === 'SIGTERM')
    instance = await startInstance(t, ['--no-demo'], directory)
    t.deepEqual(await lists(), before, signal)
  }
})

test.serial('told to end, it commits, says goodbye and lets go of the directory', async t => {
  t.timeout(60_000)
  const directory = newDirectory(t)
  const first = await startInstance(t, ['--no-demo'], directory)
  await first.kill('SIGTERM')
  t.is(first.child.exitCode, 0)
  const second = await startInstance(t, ['--no-demo'], directory)
  t.is((await fetch(`${second.adminUrl}/readyz`)).status, 200)
})

test.serial('a second process on the directory gets one sentence', async t => {
  t.timeout(60_000)
  const directory = newDirectory(t)
  await startInstance(t, ['--no-demo'], directory)
  const error = await t.throwsAsync(startInstance(t, ['--no-demo'], directory))
  t.regex(String(error), /in use|another process/i)
  t.notRegex(String(error), /\n\s+at /)
})
