import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import test from 'ava'
import { runMillrace, startMillrace } from '../testing/run-millrace.ts'

const cwd = mkdtempSync(join(tmpdir(), 'millrace-cli-'))
test.after.always(() => rmSync(cwd, { recursive: true, force: true }))

const run = (...args: string[]) => runMillrace(args, { cwd })
const json = async (...args: string[]) => {
  const { stdout, stderr, code } = await run(...args, '--json')
  if (stdout === '') throw new Error(`${args.join(' ')} ended with ${code} and printed nothing: ${stderr}`)
  return JSON.parse(stdout)
}
const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))

const day = 86_400_000
const event = (i: number, more: object = {}) => ({
  event_id: `e${i}`,
  user_id: `u${i % 5}`,
  event_type: 'view',
  product_id: `p${i % 3}`,
  ts: new Date(Date.UTC(2025, 0, 1) + i * day).toISOString(),
  ...more
})
const jsonl = (rows: unknown[]) => rows.map(row => `${JSON.stringify(row)}\n`).join('')

writeFileSync(join(cwd, 'products.csv'), 'product_id,title,price\np0,Lantern,3.39\np1,Mug,2\np2,Bowl,\n')
writeFileSync(
  join(cwd, 'events.jsonl.gz'),
  gzipSync(`${jsonl([...Array(30).keys()].map(i => event(i)))}not json\n${jsonl([event(31, { event_type: 'buy' })])}`)
)
writeFileSync(join(cwd, 'bad.jsonl'), 'no\nyes\n')

test.serial('commands that look say so where there is nothing to look into, and make nothing', async t => {
  for (const args of [
    ['topic', 'list'],
    ['store', 'digest'],
    ['dlq', 'list']
  ]) {
    const { code, stderr, stdout } = await run(...args)
    t.deepEqual([code, stdout, stderr.trim().split('\n').length], [1, '', 1])
    t.regex(stderr, /There is no data directory/)
  }
  t.false(existsSync(join(cwd, 'millrace-data')))
})

test.serial('loads CSV and compressed JSONL, and counts', async t => {
  const { code, stdout, stderr } = await run('load', 'products.csv', 'events.jsonl.gz')
  t.is(code, 0, stderr)
  t.is(stdout, 'accepted 33, dead-lettered 2, duplicates 0\n')
  t.false(stderr.includes('\r'), 'no progress bar without a terminal')
})

test.serial('a second load of the same files loads nothing twice; --again does, and duplicates count once', async t => {
  const second = await json('load', 'products.csv', 'events.jsonl.gz')
  t.deepEqual(second, {
    accepted: 0,
    dead_lettered: 0,
    duplicates: 0,
    already_loaded: 33,
    files: [
      { file: 'products.csv', type: 'products', accepted: 0, dead_lettered: 0, already_loaded: 3 },
      { file: 'events.jsonl.gz', type: 'events', accepted: 0, dead_lettered: 0, already_loaded: 30 }
    ]
  })
  const digests = await json('store', 'digest')
  const again = await json('load', 'events.jsonl.gz', '--again')
  t.is(again.accepted, 30)
  t.is(again.duplicates, 30)
  t.deepEqual(
    await json('store', 'digest', 'item-features'),
    digests.filter(({ store }: any) => store === 'item-features')
  )
})

test.serial('a load of which nothing can be used ends with 1', async t => {
  const { code, stdout } = await run('load', 'bad.jsonl', '--type', 'events')
  t.is(code, 1)
  t.regex(stdout, /^accepted 0, dead-lettered 2/)
})

test.serial('loads from stdin with shifted times, at a given rate', async t => {
  const started = performance.now()
  const input = jsonl([event(50), event(51), event(52), event(53)])
  const args = ['load', '-', '--type', 'events', '--time-shift', 'P52W', '--rate', '4', '--json']
  const { code, stdout } = await runMillrace(args, { cwd, input })
  t.is(code, 0)
  t.is(JSON.parse(stdout).accepted, 4)
  t.true(performance.now() - started > 900)
  const [record] = lines(
    (await run('topic', 'read', 'interactions', '--key', 'u0', '--json', '--limit', '99')).stdout
  ).slice(-1)
  t.is(record.timestamp, new Date(Date.UTC(2025, 0, 1) + 50 * day + 364 * day).toISOString())
})

test.serial('topics are listed and read, decoded', async t => {
  const topics = await json('topic', 'list')
  t.true(topics.some(({ topic }: any) => topic === 'interactions'))
  const read = lines((await run('topic', 'read', 'products', '--json')).stdout)
  t.deepEqual(read.map(({ key, value }) => [key, value.title]).sort(), [
    ['p0', 'Lantern'],
    ['p1', 'Mug'],
    ['p2', 'Bowl']
  ])
  t.regex((await run('topic', 'read', 'item-catalog', '--limit', '1')).stdout, /^\d:\d+ {2}.*"product_id"/)
  t.is((await run('topic', 'read', 'nope')).code, 1)
})

test.serial('stores are listed, looked into and digested', async t => {
  const stores = await json('store', 'list')
  const catalog = stores.find(({ store }: any) => store === 'item-catalog')
  t.is(catalog.kind, 'view')
  t.is(catalog.keys, 3)
  t.is(JSON.parse((await run('store', 'get', 'item-catalog', 'p1')).stdout).title, 'Mug')
  t.is((await run('store', 'get', 'item-catalog', 'nobody')).code, 1)
  t.deepEqual(
    lines((await run('store', 'scan', 'item-catalog', '--prefix', 'p', '--limit', '2', '--json')).stdout).map(
      ({ key }) => key
    ),
    ['p0', 'p1']
  )
  const digests = await json('store', 'digest')
  for (const { digest } of digests) t.regex(digest, /^[0-9a-f]{64}$/)
  t.deepEqual(Object.keys(digests.find(({ store }: any) => store === 'item-catalog')), [
    'store',
    'class',
    'keys',
    'digest'
  ])
  t.deepEqual(await json('store', 'digest'), digests)
})

test.serial('a sound directory verifies', async t => {
  const { code, stdout, stderr } = await run('store', 'verify')
  t.is(code, 0, stdout)
  t.regex(stderr, /as it should be/)
})

test.serial('dead letters are listed, shown with their bytes, and sent back once', async t => {
  const letters = await json('dlq', 'list', '--code', 'unknown_event_type')
  t.is(letters.length, 2, 'the file was loaded twice')
  const letter = await json('dlq', 'show', letters[0].id)
  t.is(JSON.parse(letter.value_text).event_type, 'buy')
  t.is(letter.headers['millrace.load.file'], 'events.jsonl.gz')
  t.is(letter.headers['millrace.load.line'], '32')
  t.is((await run('dlq', 'show', 'x')).code, 2)
  t.is((await run('dlq', 'show', '0:999999')).code, 1)
  t.is((await run('dlq', 'replay')).code, 2)
  t.deepEqual(await json('dlq', 'replay', letters[0].id), { sent: 0, sent_before: 0, still_refused: 1 })
  t.true((await json('dlq', 'list', '--limit', '1')).length === 1)
})

test.serial('bytes that were refused by a topology go back to their topic, once', async t => {
  const line = {
    topic: 'interactions',
    partition: 0,
    offset: 0,
    timestamp: Date.UTC(2025, 0, 1),
    key: 'u1',
    value: 'no avro'
  }
  writeFileSync(join(cwd, 'import.jsonl'), jsonl([line]))
  t.is((await json('topic', 'import', 'interactions', 'import.jsonl')).imported, 1)
  const [letter] = await json('dlq', 'list', '--code', 'avro_invalid')
  t.is(letter.topic, 'interactions')
  t.deepEqual(await json('dlq', 'replay', '--code', 'avro_invalid'), { sent: 1, sent_before: 0, still_refused: 0 })
  const again = await json('dlq', 'replay', '--code', 'avro_invalid')
  t.deepEqual([again.sent, again.sent_before], [1, 1], 'what was refused again is a new letter')
})

test.serial('an export can be imported into another directory, which then answers the same', async t => {
  const { stdout } = await run('topic', 'export', 'products')
  writeFileSync(join(cwd, 'export.jsonl'), stdout)
  t.is(lines(stdout).length, 3)
  await run('topic', 'import', 'products', 'export.jsonl', '--data', 'copy')
  t.deepEqual(
    await json('store', 'digest', 'item-catalog', '--data', 'copy'),
    await json('store', 'digest', 'item-catalog')
  )
  const { code, stderr } = await run('topic', 'import', 'item-catalog', 'export.jsonl')
  t.is(code, 2)
  t.regex(stderr, /is written by item-catalog/)
  t.is((await run('topic', 'import', 'products', 'missing.jsonl')).code, 1)
})

test.serial('topologies are listed, described, drawn and compared', async t => {
  const names = (await json('topology', 'list')).map(({ topology }: any) => topology)
  t.true(names.includes('item-catalog'))
  t.regex((await run('topology', 'describe', 'item-catalog')).stdout, /^item-catalog v\d/)
  t.is((await run('topology', 'describe', 'nope')).code, 1)
  t.regex((await run('topology', 'graph')).stdout, /^flowchart LR/)
  t.regex((await run('topology', 'graph', 'item-catalog', '--format', 'dot')).stdout, /^digraph/)
  t.is((await run('topology', 'graph', '--format', 'svg')).code, 2)
  t.is((await run('topology', 'diff')).code, 0)
  const release = await json('topology', 'describe')
  release[0].version += 1
  writeFileSync(join(cwd, 'release.json'), JSON.stringify(release))
  const diff = await run('topology', 'diff', '--against', 'release.json', '--json')
  t.is(diff.code, 3)
  t.is(JSON.parse(diff.stdout).find(({ topology }: any) => topology === release[0].name).verdict, 'needs-replay')
  t.is((await run('topology', 'diff', '--data', 'nowhere')).code, 1)
})

test.serial('schemas are compared with those of the last release', async t => {
  const { code, stdout } = await run(
    'schema',
    'check',
    '--against',
    fileURLToPath(new URL('../../schemas', import.meta.url))
  )
  t.is(code, 0, stdout)
  t.true((await json('schema', 'check')).length > 0, 'against the last release')
  writeFileSync(
    join(cwd, 'merge.avsc'),
    JSON.stringify({ type: 'record', name: 'Merge', fields: [{ name: 'user_id', type: 'int' }] })
  )
  const verdicts = await run('schema', 'check', '--against', cwd, '--json')
  t.is(verdicts.code, 3)
  t.is(JSON.parse(verdicts.stdout).find(({ schema }: any) => schema === 'merge').verdict, 'incompatible')
})

test.serial('the doctor finds what stands in the way', async t => {
  const found = await json('doctor')
  t.is(found.find(({ check }: any) => check === 'data directory').status, 'ok')
  const { code, stdout } = await run('doctor', '--data', 'corrupt-none', '--config', 'missing.json')
  t.is(code, 1)
  t.regex(stdout, /FAIL {2}configuration/)
})

test('every command explains itself with an example', async t => {
  const { stdout } = await run('--help')
  const names = [...stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name).filter(name => name !== 'help')
  for (const own of ['start', 'load', 'store', 'dlq', 'doctor']) t.true(names.includes(own), own)
  for (const name of names) {
    const help = await run(name, '--help')
    t.is(help.code, 0)
    const leaves = [...(help.stdout.split('Commands:')[1] ?? '').matchAll(/^ {2}([a-z]+) /gm)].map(([, leaf]) => [
      name,
      leaf
    ])
    for (const leaf of leaves.length > 0 ? leaves.filter(([, leaf]) => leaf !== 'help') : [[name]]) {
      const { code, stdout } = await run(...leaf, '--help')
      t.is(code, 0)
      t.regex(stdout, /Examples?:\n {2}\$ .*millrace/, leaf.join(' '))
    }
  }
})

test('wrong usage ends with 2 and one sentence, without a stack', async t => {
  for (const args of [
    ['nope'],
    ['store'],
    ['store', 'get', 'x'],
    ['topic', 'read', 'x', '--limit', 'many'],
    ['load', 'x', '--time-shift', '1 year'],
    ['start', '--port', 'http']
  ]) {
    const { code, stderr, stdout } = await run(...args)
    t.is(code, 2, args.join(' '))
    t.false(/\n\s+at /.test(stderr + stdout))
  }
})

test('the configuration is printed with its sources, secrets masked', async t => {
  const env = { MILLRACE_API_KEYS: 'shop:s3cret:admin', MILLRACE_HTTP_PORT: '81' }
  const { stdout } = await runMillrace(['config', '--json'], { cwd, env })
  t.false(stdout.includes('s3cret'))
  t.deepEqual(
    JSON.parse(stdout).find(({ key }: any) => key === 'http.port'),
    {
      key: 'http.port',
      value: 81,
      unit: null,
      source: 'MILLRACE_HTTP_PORT',
      meaning: 'Port of the public API; 0 takes any free one.'
    }
  )
  const onKafka = await runMillrace(['start'], { cwd, env: { MILLRACE_LOG: 'kafka' } })
  t.is(onKafka.code, 2)
  t.regex(onKafka.stderr, /millrace start works on the embedded log/)
  t.is(JSON.parse((await run('config', '--schema')).stdout).properties.log.default, 'embedded')
})

test('a damaged directory is one sentence, the stack only with --verbose', async t => {
  const data = join(cwd, 'damaged')
  await run('load', 'products.csv', '--data', data)
  const [table] = readdirSync(join(data, 'db')).filter(file => file.endsWith('.sst') || file.startsWith('MANIFEST'))
  truncateSync(join(data, 'db', table), 10)
  const { code, stderr } = await run('store', 'digest', '--data', data)
  t.is(code, 1)
  t.regex(stderr, /^millrace: The data directory .* is damaged/)
  t.is(stderr.trim().split('\n').length, 1)
  t.regex((await run('store', 'digest', '--data', data, '--verbose')).stderr, /\n\s+at /)
})

test.serial('with an instance running, commands go through it and answer the same', async t => {
  const offline = {
    digests: await json('store', 'digest'),
    products: (await run('topic', 'read', 'products', '--json')).stdout,
    export: (await run('topic', 'export', 'interactions')).stdout
  }
  const started = startMillrace(['start', '--port', '0', '--admin-port', '0', '--no-demo'], { cwd })
  let log = ''
  started.stderr.setEncoding('utf8').on('data', text => {
    log += text
  })
  const ended = new Promise(resolve => started.once('close', resolve))
  const note = join(cwd, 'millrace-data', 'instance.json')
  for (let tries = 0; tries < 200 && !existsSync(note) && started.exitCode === null; tries++) await sleep(50)
  t.true(existsSync(note), log)
  try {
    t.is(JSON.parse(readFileSync(note, 'utf8')).pid, started.pid)
    t.deepEqual(
      (await json('store', 'digest')).filter(({ store }: any) => !store.endsWith('.timers')),
      offline.digests.filter(({ store }: any) => !store.endsWith('.timers'))
    )
    t.is((await run('topic', 'read', 'products', '--json')).stdout, offline.products)
    t.is((await run('topic', 'export', 'interactions')).stdout, offline.export)
    writeFileSync(join(cwd, 'more.jsonl'), `${jsonl([event(60), event(61)])}oops\n`)
    t.is((await run('load', 'more.jsonl')).stdout, 'accepted 2, dead-lettered 1, duplicates 0\n')
    t.is((await json('load', 'more.jsonl')).already_loaded, 2)
    t.is((await run('store', 'verify')).code, 0)
    t.is((await json('dlq', 'list', '--code', 'bad_json')).length > 0, true)
    t.is((await run('store', 'get', 'nope', 'x')).code, 1)
    const found = await json('doctor')
    t.is(found.find(({ check }: any) => check === 'instance').status, 'ok')
  } finally {
    started.kill('SIGTERM')
  }
  t.is(await ended, 0, log)
  t.false(existsSync(note))
  t.is((await run('store', 'verify')).code, 0)
})
