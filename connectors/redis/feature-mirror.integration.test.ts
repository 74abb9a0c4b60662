import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { Redis } from 'ioredis'
import { redis as recipe } from '../../deploy/stack/redis.ts'
import { Stack } from '../../deploy/stack/stack.ts'
import { codeOf } from '../../engine/errors.ts'
import { itemFeatures, userFeatures } from '../../schemas/topics.ts'
import type { ItemFeatures, UserFeatures } from '../../schemas/views.ts'
import { FeatureMirror, type FeatureMirrorOptions, type MirrorCounts } from './feature-mirror.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-redis-'))
const stack = new Stack(folder)
const portBase = 21_000 + (process.pid % 10_000)
const url = `redis://127.0.0.1:${portBase + 4}`
const missing = recipe.missing()
const start = async () => {
  const [{ state, detail }] = await stack.up({ names: ['redis'], portBase, onProgress: () => undefined })
  if (state !== 'ready') throw new Error(detail)
}
let reader: Redis

if (missing === undefined) {
  test.before(async () => {
    await start()
    reader = new Redis(url)
    reader.on('error', () => undefined)
  })
}
test.after.always(async () => {
  reader?.disconnect()
  await stack.down({ names: [], wipe: true })
  rmSync(folder, { recursive: true, force: true })
})

const title = (text: string) => (missing === undefined ? text : `${text} (skipped: ${missing})`)
const story = missing === undefined ? test.serial : test.skip

const item = (views: number): Buffer =>
  itemFeatures.value.encode({
    as_of: 5,
    popularity: [1, 2, 3, 4],
    organic: [1, 2, 3, 4],
    views,
    clicks: 0,
    carts: 0,
    purchases: 0,
    units: 0,
    buyers: 0,
    reorder_rate: null,
    trend: 1,
    conversion: null,
    price_band: 3,
    first_seen: 1,
    last_seen: 5
  } satisfies ItemFeatures)

const user = (country: string): Buffer =>
  userFeatures.value.encode({
    as_of: 5,
    consent: true,
    country,
    categories: [{ name: 'tea', score: 1 }],
    brands: [],
    price_bands: [],
    recency: 5,
    frequency: 1,
    orders: 0,
    known_from: null,
    others: [],
    monetary: 0,
    seen: [],
    bought: [],
    dismissed: []
  } as UserFeatures)

let runs = 0
function open(t: ExecutionContext, more: Partial<FeatureMirrorOptions> = {}) {
  const fed: MirrorCounts[] = []
  const namespace = `shop${runs++}`
  const mirror = new FeatureMirror({ url, namespace, onFed: counts => fed.push(counts), ...more })
  t.teardown(() => mirror.close())
  const hash = (view: string, id: string) => reader.hgetall(`${namespace}:${view}:${id}`)
  return { mirror, fed, hash, namespace }
}
const at = (offset: number, value: Buffer | null, partition = 0) => ({
  view: 'item-features',
  key: 'p1',
  value,
  partition,
  offset
})

story(title('features of users and items are hashes whose fields are JSON'), async t => {
  const { mirror, hash, fed } = open(t)
  await mirror.feed([
    { view: 'user-features', key: 'u1', value: user('GB'), partition: 1, offset: 7 },
    at(3, item(12)),
    { view: 'sessions', key: 's1', value: Buffer.from('x'), partition: 0, offset: 0 }
  ])
  const found = await hash('user-features', 'u1')
  t.is(found.country, '"GB"')
  t.deepEqual(JSON.parse(found.categories), [{ name: 'tea', score: 1 }])
  t.like(found, { _source: 'user-features', _partition: '1', _offset: '7' })
  t.like(await hash('item-features', 'p1'), { views: '12', conversion: 'null', popularity: '[1,2,3,4]' })
  t.like(fed[0], { applied: 2, stale: 0, unreadable: 0 })
})

story(title('an older position changes nothing, whoever sends it'), async t => {
  const first = open(t)
  const { mirror, hash, fed } = first
  const beside = new FeatureMirror({ url, namespace: first.namespace })
  t.teardown(() => beside.close())
  await mirror.feed([at(3, item(3)), at(9, item(9))])
  await beside.feed([at(5, item(5))])
  await mirror.feed([at(9, item(1))])
  t.like(await hash('item-features', 'p1'), { views: '9', _offset: '9' })
  t.like(fed[1], { applied: 0, stale: 1 })
  await beside.feed([at(10, item(10))])
  t.like(await hash('item-features', 'p1'), { views: '10', _offset: '10' })
})

story(title('records of another source replace what is there, at whatever offset'), async t => {
  const { mirror, namespace, hash } = open(t)
  await mirror.feed([at(900, item(1))])
  const other = new FeatureMirror({ url, namespace, sourceOf: view => `${view} made anew` })
  t.teardown(() => other.close())
  await other.feed([at(0, item(2))])
  t.like(await hash('item-features', 'p1'), { views: '2', _offset: '0' })
})

story(title('what is gone leaves only its position, which older values do not pass'), async t => {
  const { mirror, hash, namespace } = open(t)
  await mirror.feed([at(1, item(1)), at(2, null)])
  await mirror.feed([at(1, item(1))])
  t.deepEqual(await hash('item-features', 'p1'), { _source: 'item-features', _partition: '0', _offset: '2' })
  t.true((await reader.pttl(`${namespace}:item-features:p1`)) > 0)
})

story(title('with a time to live, values that do not change leave'), async t => {
  const { mirror, hash, namespace } = open(t, { ttlMs: 200 })
  await mirror.feed([at(1, item(1))])
  t.true((await reader.pttl(`${namespace}:item-features:p1`)) <= 200)
  await new Promise(resolve => setTimeout(resolve, 300))
  t.deepEqual(await hash('item-features', 'p1'), {})
})

story(title('bytes that are no features are counted and passed over'), async t => {
  const { mirror, fed, hash } = open(t)
  await mirror.feed([at(1, item(1)), at(2, Buffer.from('nonsense'))])
  t.like(fed[0], { applied: 1, unreadable: 1 })
  t.like(await hash('item-features', 'p1'), { views: '1' })
})

story(title('many values take few round trips'), async t => {
  const { mirror, fed, hash } = open(t)
  const batch = Array.from({ length: 5000 }, (_, i) => ({ ...at(i, item(i)), key: `p${i}` }))
  await mirror.feed(batch)
  t.is(fed[0].applied, 5000)
  t.like(await hash('item-features', 'p4999'), { views: '4999' })
})

story(title('while Redis is away a batch waits, and goes in when it is back'), async t => {
  const problems: string[] = []
  const { mirror, hash } = open(t, { onProblem: ({ code }) => problems.push(code) })
  await mirror.feed([at(1, item(1))])
  await stack.down({ names: ['redis'], wipe: false })
  const waiting = mirror.feed([at(2, item(2))])
  await new Promise(resolve => setTimeout(resolve, 500))
  await start()
  await waiting
  t.like(await hash('item-features', 'p1'), { views: '2' })
  t.deepEqual(problems, ['redis_unavailable'])
})

story(title('a mirror that Redis does not let in stops with one sentence'), async t => {
  await reader.call('ACL', 'SETUSER', 'reader', 'on', '>s3cret', '~*', '+@read', '+info')
  const { mirror } = open(t, { url: url.replace('//', '//reader:s3cret@') })
  t.is(codeOf(await t.throwsAsync(mirror.feed([at(1, item(1))]))), 'redis_refused')
  const stranger = open(t, { url: url.replace('//', '//reader:wrong@') })
  t.is(codeOf(await t.throwsAsync(stranger.mirror.feed([at(1, item(1))]))), 'redis_refused')
})

story(title('a mirror that is closed gives up what waits'), async t => {
  const { mirror } = open(t, { url: 'redis://127.0.0.1:1' })
  const waiting = mirror.feed([at(1, item(1))])
  mirror.close()
  await t.notThrowsAsync(waiting)
})
