import { MessageChannel } from 'node:worker_threads'
import test from 'ava'
import { packChanges, unpackRecords } from '../../engine/ports/packed-records.ts'
import { StreamClient } from './stream-client.ts'

/** The other end: a stream thread that answers as the test says. */
function pair(t: { teardown(stop: () => void): void }) {
  const { port1, port2 } = new MessageChannel()
  t.teardown(() => port1.close())
  const asked: any[] = []
  const client = new StreamClient(port1)
  port2.on('message', request => asked.push(request))
  return { client, asked, answer: (event: unknown) => port2.postMessage(event) }
}

const turn = () => new Promise(resolve => setTimeout(resolve, 5))

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await turn()
}

const record = (key: string) => ({ key, value: Buffer.from(key), timestamp: 1 })

test('records of one turn travel together and each sender is answered', async t => {
  const { client, asked, answer } = pair(t)
  const written = [client.append('a', [record('x')]), client.append('a', [record('y'), record('z')])]
  await until(() => asked.length > 0)
  t.is(asked.length, 1)
  t.deepEqual(
    unpackRecords(asked[0].records).map(({ key }) => key),
    ['x', 'y', 'z']
  )
  answer({ type: 'done', id: asked[0].id, commit: 7 })
  t.deepEqual(await Promise.all(written), [7, 7])
})

test('too much on its way is refused, and welcome again once it has arrived', async t => {
  const { client, asked, answer } = pair(t)
  const large = { key: 'k', value: Buffer.alloc(9 << 20), timestamp: 1 }
  const first = client.append('a', [large])
  await t.throwsAsync(client.append('a', [large]), { code: 'overloaded' })
  await until(() => asked.length > 0)
  answer({ type: 'done', id: asked[0].id, commit: 1 })
  await first
  const again = client.append('a', [large])
  await until(() => asked.length > 1)
  answer({ type: 'done', id: asked[1].id, commit: 2 })
  t.is(await again, 2)
})

test('rows are handed out before the commit is announced, and the credit goes back', async t => {
  const { client, asked, answer } = pair(t)
  const seen: string[] = []
  client.onChanges = rows => seen.push(...rows.map(({ view, key, value }) => `${view} ${key} ${value}`))
  client.onCommitted = ({ commit, fresh }) => seen.push(`commit ${commit} ${fresh}`)
  const changes = packChanges([
    { view: 'v', key: 'a', value: Buffer.from('1') },
    { view: 'w', key: 'b', value: null }
  ])
  answer({ type: 'committed', commit: 3, fresh: 2, changes, tookMs: 1 })
  await until(() => asked.length > 0)
  t.deepEqual(seen, ['v a 1', 'w b null', 'commit 3 2'])
  t.like(asked.at(-1), { type: 'applied', bytes: changes.byteLength })
})

test('a failure reaches the sender with its code', async t => {
  const { client, asked, answer } = pair(t)
  const written = client.append('a', [record('x')])
  await until(() => asked.length > 0)
  answer({ type: 'failed', id: asked[0].id, code: 'topic_unknown', message: 'There is no topic a.' })
  await t.throwsAsync(written, { code: 'topic_unknown', message: 'There is no topic a.' })
})

test('requests made while the thread is replaced go to the next one', async t => {
  const { client, asked } = pair(t)
  client.hold()
  const written = client.append('a', [record('x')])
  await turn()
  t.is(asked.length, 0)
  const next = new MessageChannel()
  t.teardown(() => next.port1.close())
  next.port2.on('message', ({ id }) => next.port2.postMessage({ type: 'done', id, commit: 9 }))
  client.attach(next.port1)
  t.is(await written, 9)
})
