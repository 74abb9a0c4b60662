import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import { type EvaluateArguments, evaluate } from './command.ts'
import { compare } from './comparison.ts'
import { EventColumns } from './event-columns.ts'
import { clusteredMean } from './measures.ts'
import { Points } from './points.ts'
import { readEvents } from './read-events.ts'

const shared = process.env.MILLRACE_EVALUATION_DATA ?? new URL('../../../shared/data', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'millrace-evaluate-'))

async function printed(args: EvaluateArguments): Promise<string> {
  const lines: string[] = []
  await evaluate(args, { print: text => lines.push(text), progress: () => undefined })
  return lines.join('\n')
}

async function report(args: EvaluateArguments): Promise<any> {
  return JSON.parse(await printed({ ...args, json: true }))
}

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text)
  return path
}

async function columnsOf(path: string): Promise<EventColumns> {
  const columns = new EventColumns()
  await readEvents(path, columns)
  return columns
}

function shapeOf({ sessions, items, times, weights, count, ids }: EventColumns) {
  return Array.from({ length: count }, (_, i) => [sessions[i], ids.ids[items[i]], times[i], weights[i]])
}

/** Sessions that go round in three circles. */
const circles = Array.from({ length: 300 }, (_, s) =>
  Array.from({ length: 3 + (s % 4) }, (_, i) => 10 * (s % 3) + ((s + i) % 4)).join(' ')
).join('\n')

test('session lines are read, plain and gzipped', async t => {
  const plain = await columnsOf(file('lines.txt', '5 7 5\n9 8\n'))
  t.deepEqual(shapeOf(plain), [
    [0, '5', 0, 1],
    [0, '7', 0, 1],
    [0, '5', 0, 1],
    [1, '9', 0, 1],
    [1, '8', 0, 1]
  ])
  t.false(plain.isTimed)
  t.deepEqual(shapeOf(await columnsOf(file('lines.txt.gz', '5 7 5\n9 8\n'))), shapeOf(plain))
})

test('tables are read, their columns in any order, times in seconds or milliseconds', async t => {
  const columns = await columnsOf(file('table.tsv', 'ItemId\tSessionId\tTime\n7\ta\t1590970000\n8\ta\t1590970005000\n'))
  t.deepEqual(shapeOf(columns), [
    [0, '7', 1590970000, 1],
    [0, '8', 1590970005, 1]
  ])
})

test('sessions of OTTO are read; different acts in a row on one item are one step, of the strongest type', async t => {
  const session = {
    session: 1,
    events: [
      { aid: 3, ts: 1000, type: 'clicks' },
      { aid: 3, ts: 2000, type: 'carts' },
      { aid: 3, ts: 3000, type: 'carts' },
      { aid: 4, ts: 9000, type: 'orders' }
    ]
  }
  t.deepEqual(shapeOf(await columnsOf(file('otto.jsonl', `${JSON.stringify(session)}\n`))), [
    [0, '3', 1, 2],
    [0, '3', 3, 2],
    [0, '4', 9, 3]
  ])
})

test('our events are read: sessions end after half an hour, impressions are no steps', async t => {
  const event = (type: string, item: string, minute: number) =>
    JSON.stringify({ session_id: 's', event_type: type, product_id: item, ts: new Date(minute * 60_000).toISOString() })
  const lines = [event('view', 'a', 1), event('impression', 'b', 2), event('purchase', 'c', 20), event('view', 'a', 60)]
  t.deepEqual(shapeOf(await columnsOf(file('events.jsonl', lines.join('\n')))), [
    [0, 'a', 60, 1],
    [0, 'c', 1200, 3],
    [1, 'a', 3600, 1]
  ])
})

test('a view that is told as view and click changes nothing', async t => {
  const event = (type: string, item: string, second: number) =>
    JSON.stringify({
      session_id: `s${item}`,
      event_type: type,
      product_id: item,
      ts: new Date(second * 1000).toISOString()
    })
  const once = file('once.jsonl', [event('view', 'a', 10), event('view', 'b', 20)].join('\n'))
  const twice = file(
    'twice.jsonl',
    [event('view', 'a', 10), event('click', 'a', 11), event('view', 'b', 20), event('click', 'b', 21)].join('\n')
  )
  t.deepEqual(shapeOf(await columnsOf(twice)), shapeOf(await columnsOf(once)))
})

test('a file that cannot be read, or is of no format, is refused in a sentence', async t => {
  t.like(await t.throwsAsync(columnsOf(join(folder, 'nowhere.txt'))), { code: 'evaluate_unreadable' })
  t.like(await t.throwsAsync(columnsOf(file('odd.jsonl', '{"a":1}\n'))), { code: 'evaluate_format' })
  t.like(await t.throwsAsync(printed({ train: 'x', protocol: 'wishful' })), { code: 'usage' })
})

test('files with more events than are asked for are refused, those with as many are not', async t => {
  const train = file('many.txt', '1 2\n3 4\n5 6 7\n')
  const error = await t.throwsAsync(report({ train, 'max-events': '6' }), { code: 'evaluate_too_large' })
  t.regex(error.message, /more than 6 events.*--max-events/)
  await t.notThrowsAsync(report({ train, 'max-events': '7' }))
})

test('the JSON of a report has its shape', async t => {
  const found = await report({ train: file('circles.txt', circles), protocol: 'prequential' })
  t.like(found, { method: 'ours', protocol: 'prequential', profile: 'fast', learn_share: '1/3', k: 20, min_prefix: 1 })
  t.deepEqual(Object.keys(found.all), ['n', 'recall@20', 'mrr@20', 'ndcg@20', 'se'])
  t.deepEqual(Object.keys(found.all.se), ['recall@20', 'mrr@20', 'ndcg@20'])
  for (const key of ['novel', 'coverage@20', 'us', 'bytes_per_click', 'arp@20']) t.true(key in found, key)
  for (const key of ['p50', 'p90', 'p99', 'event']) t.true(key in found.us, key)
})

test('a static evaluation leaves the state as training left it', async t => {
  const train = file('train.txt', circles)
  const first = file('first.txt', '0 1 2 3\n')
  const again = file('again.txt', '0 1 2 3\n0 1 2 3\n0 1 2 3\n')
  const [once, thrice] = [
    await report({ train, test: first, protocol: 'static' }),
    await report({ train, test: again, protocol: 'static' })
  ]
  t.is(thrice.all.n, 3 * once.all.n)
  t.is(thrice.all['mrr@20'], once.all['mrr@20'])
})

test('two methods are compared point by point', async t => {
  const found = await report({ train: file('compared.txt', circles), compare: 'popularity,ours' })
  t.is(found.methods.length, 2)
  const mrr = found.compare.find(({ target, measure }: any) => target === 'all' && measure === 'mrr@20')
  t.true(mrr.interval[0] > 0)
  t.regex(await printed({ train: file('compared.txt', circles), compare: 'popularity,ours' }), /ours minus popularity/)
})

test('standard errors count sessions, not predictions', t => {
  const values = [1, 1, 1, 1, 0, 0, 0, 0]
  t.is(clusteredMean(values, [1, 2, 3, 4, 5, 6, 7, 8]).se, Math.sqrt(8 * 0.25) / 8)
  t.is(clusteredMean(values, [1, 1, 1, 1, 2, 2, 2, 2]).se, Math.sqrt(2 * 4) / 8)
})

test('a method compared with itself differs by nothing', t => {
  const points = new Points()
  points.add(1, 3, -1)
  points.add(2, 0, 0)
  t.true(compare(points, points, 20).every(({ difference, se }) => difference === 0 && se === 0))
})

/** Reference figures of the development data; percent. */
interface Expected {
  set: 'serenade-example' | 'retailrocket-sessions'
  protocol: 'static' | 'prequential'
  method: string
  all: [recall: number, mrr: number, ndcg?: number]
  novel?: [recall: number, mrr: number]
  /** The methods that were taken over as they are published give the same digits; others may be better. */
  isExact?: boolean
  learnShareTest?: string
}

const minPrefix = { 'serenade-example': '1', 'retailrocket-sessions': '2' }

/** Not worse than the reference by more than half a standard error, at the settings of production unless others are named. */
function against({ set, protocol, method, isExact = false, learnShareTest, ...wanted }: Expected): void {
  const train = `${shared}/${set}/train.txt.gz`
  const learning = learnShareTest === undefined ? '' : ' every test event learned,'
  const title = `${method} on ${set}, ${protocol},${learning} is as the reference has it`
  const run = async (t: ExecutionContext) => {
    t.timeout(900_000)
    const args = { train, test: `${shared}/${set}/test.txt.gz`, protocol, method, 'min-prefix': minPrefix[set] }
    const found = await report({ ...args, 'learn-share-test': learnShareTest })
    for (const target of ['all', 'novel'] as const) {
      for (const [i, measure] of ['recall@20', 'mrr@20', 'ndcg@20'].entries()) {
        const figure = wanted[target]?.[i]
        if (figure === undefined) continue
        const { [measure]: ours, se } = found[target]
        const isReached = isExact ? ours === figure : ours >= figure - se[measure] / 2
        t.true(isReached, `${target} ${measure}: ${ours}, expected ${figure} ± ${se[measure]}`)
      }
    }
  }
  if (existsSync(train) || process.env.CI === 'true') test(title, run)
  else test.skip(`${title} (needs ${set} in shared/data, or MILLRACE_EVALUATION_DATA)`, run)
}

const serenade = { set: 'serenade-example' } as const
const rocket = { set: 'retailrocket-sessions' } as const
const [still, live] = [{ protocol: 'static' }, { protocol: 'prequential' }] as const
const sr = { method: 'sr', isExact: true }
const vSknn = { method: 'v-sknn', isExact: true }
const ours = { method: 'ours' }

against({ ...serenade, ...still, ...sr, all: [46.29, 25.17, 30.1], novel: [40.58, 21.27] })
against({ ...serenade, ...still, ...vSknn, all: [65.63, 23.57, 33.33], novel: [51.44, 24.78] })
against({ ...serenade, ...still, method: 'vmis-knn', all: [64.2, 33.8] })
against({ ...serenade, ...still, ...ours, all: [71.86, 40.23, 47.52], novel: [59.27, 26.4] })
against({ ...serenade, ...live, ...sr, all: [50.32, 27.34, 32.71], novel: [39.97, 21.21] })
against({ ...serenade, ...live, ...vSknn, all: [65.11, 23.61, 33.22], novel: [51.18, 24.56] })
against({ ...serenade, ...live, ...ours, all: [71.7, 39.85, 47.19], novel: [58.45, 26.09] })
against({ ...serenade, ...live, ...ours, all: [71.7, 39.85, 47.19], novel: [58.45, 26.09], learnShareTest: '1' })
against({ ...rocket, ...still, ...sr, all: [40.44, 19.39, 24.16], novel: [28.51, 11.28] })
against({ ...rocket, ...still, ...vSknn, all: [54.23, 26.67, 32.99], novel: [34.25, 12.8] })
against({ ...rocket, ...still, ...ours, all: [60.47, 33.69, 39.82], novel: [39.49, 14.71] })
against({ ...rocket, ...live, ...vSknn, all: [55.76, 27.06, 33.65], novel: [36.73, 13.85] })
against({ ...rocket, ...live, ...ours, all: [62.44, 34.4, 40.82], novel: [42.96, 16.56] })
