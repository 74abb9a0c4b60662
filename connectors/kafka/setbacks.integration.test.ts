import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import test, { type ExecutionContext } from 'ava'
import { type Id, numberCodec, processor, topic, topology, type ValueCodec, value, view } from '../../engine/index.ts'
import { partitionOf } from '../../engine/log/partition-of.ts'
import { seededTouches } from '../../engine/testing/co-touched.ts'
import { avroCodec } from '../../schemas/avro.ts'
import { RegistryIds } from '../registry/registry-ids.ts'
import { until } from './testing/child-worker.ts'
import { shopStories } from './testing/shop-stories.ts'
import type { TouchRecord } from './testing/stream-shop.ts'

/** What goes wrong with one record, one view or one task, and what the others have of it. */

const story = shopStories(test, { timeoutMs: 120_000 })

const touches: TouchRecord[] = seededTouches(900, 40, 30).map((touch, n) => ({ ...touch, n }))

story('a task whose records are gone is left out and reported; the others go on', async (t, shop) => {
  const a = shop.start('a')
  await shop.write(touches.slice(0, 300))
  t.true(await shop.through())
  await a.worker.stop()
  const gone = 2
  const { name } = shop.shop.touches
  await shop.write(touches.slice(300, 600))
  const end = (await shop.admin.offsets([{ topic: name, partition: gone }], 'highWatermark')).get(name)?.get(gone) ?? 0
  await shop.admin.deleteRecords([{ topic: name, partition: gone, offset: end }])
  const stopped: string[] = []
  const again = shop.start('a', {
    store: a.store,
    onStopped: (task, { code, remedy }) => stopped.push(`${task} ${code} ${remedy}`)
  })
  t.true(await until(() => again.worker.stopped.size > 0, 20_000))
  await shop.write(touches.slice(600, 900))
  const others = touches.filter(({ key }) => partitionOf(key, shop.partitions) !== gone)
  const loud = async () => (await shop.read(shop.shop.loud.name)).filter(({ partition }) => partition !== gone)
  t.true(await until(async () => (await loud()).length >= others.length, 20_000), 'the others have all of it')
  t.is((await loud()).length, others.length)
  t.deepEqual(stopped, [`${name}/${gone} offset_out_of_range stop`])
  t.deepEqual(again.restarts, [])
})

const bytes = (length: number) => 'x'.repeat(length)
const json = <T>(): ValueCodec<T> => ({
  encode: value => Buffer.from(JSON.stringify(value)),
  decode: bytes => JSON.parse(bytes.toString()) as T
})
type Reader = Id<'reader'>

/** Keeps the last length it was told, and publishes so many letters. */
const growing = (prefix: string) => {
  const lengths = topic<Reader, number>(`${prefix}lengths`, { value: json() })
  const pages = view<Reader, string>('pages', { value: json(), equality: 'exact' })
  const write = processor({
    name: 'write-page',
    state: { length: value(numberCodec) },
    process: ({ value }: { key: Reader; value: number; timestamp: number }, { length }) => length.set(value),
    view: (_key: Reader, { length }) => bytes(length.get() ?? 0)
  })
  return [topology('pages').from(lengths).process(write).to(pages)]
}

story(
  'a view above its topic’s limit is a dead letter in the same commit, and the worker goes on',
  async (t, shop) => {
    const a = shop.start('a')
    const lengths = `${shop.namespace}-lengths`
    const key = `ann ${shop.namespace}`
    const tell = (length: number) =>
      shop.admin.append(lengths, partitionOf(key, 4), [{ key, value: Buffer.from(`${length}`), timestamp: 1 }])
    const page = async () => (await shop.read(`${shop.namespace}.pages.v1`)).findLast(one => one.key === key)?.value
    await tell(3)
    t.true(await until(async () => (await page()) === '"xxx"', 20_000))
    await tell(2 << 20)
    t.true(await until(async () => (await page()) === null, 20_000), 'it is gone')
    await tell(2)
    t.true(await until(async () => (await page()) === '"xx"', 20_000), 'it is back')
    const letters = (await shop.read('dead-letters')).filter(letter => letter.key === key)
    t.is(letters.length, 1)
    t.deepEqual(a.restarts, [])
  },
  { more: growing }
)

/** A registry that knows the ids of this release at its start, and of others tells nothing while it is down. */
const registry = `
import { createServer } from 'node:http'
import { parentPort } from 'node:worker_threads'
let isDown = true
let refused = 0
let schema
parentPort.on('message', order => {
  if (order === 'up') isDown = false
  parentPort.postMessage(refused)
})
const http = createServer((request, response) => {
  let body = ''
  request.on('data', part => { body += part })
  request.on('end', () => {
    const answer = (status, json) => { response.writeHead(status); response.end(JSON.stringify(json)) }
    if (request.method === 'POST') { schema = JSON.parse(body).schema; return answer(200, { id: 5 }) }
    if (!isDown) return answer(200, { schema })
    refused++
    answer(500, { error_code: 50001 })
  })
})
http.listen(0, '127.0.0.1', () => parentPort.postMessage(http.address().port))
`

interface Merge {
  user_id: string
  ts: number
}

const newerId = 77
let ids: RegistryIds

const merging = (prefix: string) => {
  const merges = topic<Reader, Merge>(`${prefix}merges`, { value: avroCodec<Merge>('merge', ids) })
  const merged = topic<Reader, string>(`${prefix}merged`, { value: json() })
  const tell = ({ key, value }: { key: Reader; value: Merge }) => ({ key, value: value.user_id })
  return [topology('merging').from(merges).map('tell', tell).to(merged)]
}

/** A registry that answers 500 until it is told to do better, and ids that it told before. */
async function openRegistry(t: ExecutionContext): Promise<void> {
  server = new Worker(registry, { eval: true })
  const folder = mkdtempSync(join(tmpdir(), 'millrace-away-'))
  ids = await RegistryIds.open({
    registry: { url: `http://127.0.0.1:${await told()}/` },
    subjects: [{ subject: 'merges-value', schema: 'merge' }],
    cacheFile: join(folder, 'ids.json'),
    lookupMs: 800
  })
  t.teardown(async () => {
    await ids.close()
    await server.terminate()
    rmSync(folder, { recursive: true })
  })
}

let server: Worker
const told = () => new Promise<number>(resolve => server.once('message', resolve))

story(
  'while a registry that must tell a schema answers 500 its partition waits: nothing is lost, nothing buried',
  async (t, shop) => {
    const codecs = [5, newerId].map(id => avroCodec<Merge>('merge', { idOf: () => id, writtenUnder: () => undefined }))
    const write = (n: number, codec = codecs[0]) => {
      const value = codec.encode({ user_id: `u${n}`, ts: n })
      return shop.admin.append(`${shop.namespace}-merges`, n % 4, [{ key: `k${n}`, value, timestamp: n }])
    }
    const merged = async () => (await shop.read(`${shop.namespace}-merged`)).map(({ value }) => value).sort()
    const expected = (wanted: (n: number) => boolean) =>
      Array.from({ length: 60 }, (_, n) => n)
        .filter(wanted)
        .map(n => `"u${n}"`)
        .sort()
    const troubles: unknown[] = []
    const a = shop.start('a', { onTrouble: error => troubles.push(error) })
    for (let n = 0; n < 60; n++) await write(n, codecs[n === 22 ? 1 : 0])
    const isBehind = (n: number) => n % 4 === 22 % 4 && n >= 22
    const others = expected(n => !isBehind(n))
    t.true(await until(async () => (await merged()).length >= others.length, 20_000))
    await sleep(12_000)
    t.deepEqual(await merged(), others, 'the others are through, what is behind the record waits')
    t.true(troubles.length > 1, 'it was looked at again')
    server.postMessage('up')
    t.log(`${await told()} answers of 500, ${troubles.length} tries`)
    const all = expected(() => true)
    t.true(await until(async () => (await merged()).length >= all.length, 20_000))
    t.deepEqual(await merged(), all)
    const letters = await shop.read('dead-letters')
    t.is(letters.filter(({ key }) => /^k\d+$/.test(key)).length, 0)
    t.deepEqual(a.restarts, [])
  },
  { more: merging, before: openRegistry }
)
