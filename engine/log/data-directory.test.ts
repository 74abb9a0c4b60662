import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { codeOf, messageOf } from '../errors.ts'
import type { StoreReader } from '../stores/state-store.ts'
import { readCommit } from './commit-chain.ts'
import { CommitMarker } from './commit-marker.ts'
import { type DataDirectoryOptions, openDataDirectory } from './data-directory.ts'
import { EmbeddedLog } from './embedded-log.ts'
import { all, record, spec } from './log-contract.ts'

const root = mkdtempSync(join(tmpdir(), 'millrace-data-'))
test.after.always(() => rmSync(root, { recursive: true, force: true }))

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
/** Of random damage; more on request. */
const rounds = Number(process.env.ROUNDS ?? 50)
const memoryMb = 16
let count = 0
const freshDirectory = () => join(root, `${count++}`)

/** Opens, answers with what is in it, closes. */
async function contentOf(directory: string, options: DataDirectoryOptions = {}) {
  const data = await openDataDirectory(directory, { memoryMb, ...options })
  try {
    const log = new EmbeddedLog(data.store, { marker: data.marker })
    const partitions = [0, 1].map(partition => all(log, { partition }))
    return { commit: log.commit, partitions, state: stateOf(data.store), lost: data.lostCommits }
  } finally {
    await data.close()
  }
}

function stateOf(store: StoreReader): string[] {
  const range = { gte: Buffer.from('s/'), lt: Buffer.from('s0'), limit: Infinity }
  return (['state', 'views'] as const).flatMap(column =>
    store.range(column, range).map(([key, value]) => `${key}=${value}`)
  )
}

/** A directory with files of every kind: tables on several levels, and a write-ahead log with the last commits. */
async function filled(commits = 300, recordBytes = 8000): Promise<string> {
  const directory = freshDirectory()
  const data = await openDataDirectory(directory, { memoryMb })
  const log = new EmbeddedLog(data.store, { marker: data.marker })
  await log.ensureTopics([spec({ partitions: 2 })])
  for (let i = 0; i < commits; i++) {
    const staging = log.stage(data.store.batch())
    staging.append('clicks', i % 2, [record(`u${i}`, scattered(i, recordBytes))])
    staging.batch.put('state', Buffer.from(`s/${(i * 7919) % 1000}`), Buffer.from(scattered(i, recordBytes)))
    if (i % 3 === 0) staging.batch.put('views', Buffer.from(`s/${i}`), Buffer.from(scattered(i, recordBytes / 8)))
    staging.commit()
  }
  await data.close()
  return directory
}

test('a new directory is empty, and one that was closed comes back whole', async t => {
  const directory = await filled(20)
  const content = await contentOf(directory)
  t.is(content.lost, 0)
  t.is(content.commit, 21)
  t.deepEqual([content.partitions[0].length, content.partitions[1].length], [10, 10])
  t.deepEqual(await contentOf(directory), content)
})

test('a directory that is in use is refused with one sentence', async t => {
  const directory = freshDirectory()
  const data = await openDataDirectory(directory)
  const error = await t.throwsAsync(openDataDirectory(directory))
  t.is(codeOf(error), 'data_dir_in_use')
  t.regex(messageOf(error), /in use by another process: talk to that running instance, or stop it first\.$/)
  await data.close()
})

test('a directory of another format is refused', async t => {
  const directory = await filled(2)
  writeFileSync(join(directory, 'millrace.json'), '{"format":2}')
  t.is(await codeOfOpening(directory), 'data_dir_format')
  writeFileSync(join(directory, 'millrace.json'), '{"for')
  t.is(await codeOfOpening(directory), 'data_dir_corrupt')
})

test('a first start that was killed before it was done can be repeated', async t => {
  const directory = freshDirectory()
  await (await openDataDirectory(directory)).close()
  rmSync(join(directory, 'millrace.json'))
  t.is((await contentOf2(directory)).lostCommits, 0)
  rmSync(join(directory, 'millrace.json'))
  rmSync(join(directory, 'commits'))
  t.is((await contentOf2(directory)).lostCommits, 0)
})

test('a lost write-ahead log is noticed by the commits that are missing, and can be accepted', async t => {
  const directory = await filled(20)
  for (const file of filesOf(directory, /\.log$/)) truncateSync(file, Math.floor(statSync(file).size / 2))
  t.is(await codeOfOpening(directory), 'data_dir_lost_commits')
  t.is(await codeOfOpening(directory), 'data_dir_lost_commits')
  const accepted = await contentOf(directory, { acceptLoss: true })
  t.true(accepted.lost > 0 && accepted.commit === 21 - accepted.lost)
  t.deepEqual(await contentOf(directory), { ...accepted, lost: 0 })
})

test('commits lost to a power failure within the fsync interval are reported, not refused', async t => {
  const directory = await filled(20)
  for (const file of filesOf(directory, /\.log$/)) truncateSync(file, Math.floor(statSync(file).size / 2))
  remark(directory, { bootId: 'another-boot', synced: 1 })
  const content = await contentOf(directory)
  t.true(content.lost > 0 && content.commit === 21 - content.lost)
  t.is((await contentOf(directory)).lost, 0)
})

test('a power failure does not excuse the loss of a commit that was on the disk', async t => {
  const directory = await filled(20)
  for (const file of filesOf(directory, /\.log$/)) truncateSync(file, Math.floor(statSync(file).size / 2))
  remark(directory, { bootId: 'another-boot', synced: 20 })
  t.is(await codeOfOpening(directory), 'data_dir_lost_commits')
})

test('a database ahead of its marker is fine: the process was killed between the two', async t => {
  const directory = await filled(20)
  remark(directory, { last: 20 })
  const content = await contentOf(directory)
  t.deepEqual([content.commit, content.lost], [21, 0])
  t.is(CommitMarker.read(directory)?.last, 21)
})

for (const damage of ['missing', 'garbled', 'empty'] as const) {
  test(`a marker that is ${damage} is refused, and made anew when loss is accepted`, async t => {
    const directory = await filled(5)
    const path = join(directory, 'commits')
    if (damage === 'missing') rmSync(path)
    else if (damage === 'empty') truncateSync(path, 0)
    else writeFileSync(path, Buffer.alloc(1024, 7))
    t.is(await codeOfOpening(directory), 'data_dir_corrupt')
    t.is((await contentOf(directory, { acceptLoss: true })).commit, 6)
    t.is((await contentOf(directory)).commit, 6)
  })
}

test('a marker with one torn slot answers with the other', async t => {
  const directory = await filled(5)
  const bytes = readFileSync(join(directory, 'commits'))
  for (const slot of [0, 1]) {
    const torn = Buffer.from(bytes)
    torn.fill(0, slot * 512 + 20, slot * 512 + 60)
    writeFileSync(join(directory, 'commits'), torn)
    t.true([5, 6].includes(CommitMarker.read(directory)?.last ?? 0))
  }
})

for (const kind of [/CURRENT$/, /MANIFEST-\d+$/, /\.sst$/, /millrace\.json$/] as const) {
  test(`a missing ${kind.source.replace(/\W/g, '')} is refused with what to do`, async t => {
    const directory = await filled()
    const files = filesOf(directory, kind)
    t.true(files.length > 0)
    rmSync(files[files.length >> 1])
    const error = await failureOf(() => contentOf(directory))
    t.is(codeOf(error), 'data_dir_corrupt')
    t.regex(messageOf(error), /restore a backup/)
  })
}

test('a part of the write-ahead log that is missing before the end is noticed', async t => {
  const original = await filled()
  const logs = filesOf(original, /\.log$/).length
  t.true(logs > 2)
  for (let missing = 0; missing < logs; missing++) {
    const directory = copyOf(original)
    rmSync(filesOf(directory, /\.log$/)[missing])
    const error = await failureOf(() => contentOf(directory))
    t.true(['data_dir_corrupt', 'data_dir_lost_commits'].includes(codeOf(error)), messageOf(error))
  }
})

test('the chain of commits is cut behind what is in tables', async t => {
  const data = await openDataDirectory(freshDirectory(), { memoryMb })
  const log = new EmbeddedLog(data.store, { marker: data.marker })
  await log.ensureTopics([spec()])
  // RocksDB moves rows into tables in its own time.
  for (let i = 0; i < 20_000 && readCommit(data.store).settled === 0; i++) {
    log.append('clicks', [record('u1', scattered(i, 4000))])
    if (i % 100 === 0) await setTimeout(5)
  }
  const { commit, settled } = readCommit(data.store)
  const links = data.store.range('log', { gte: Buffer.from([0, 0]), lt: Buffer.from([0, 1]), limit: Infinity })
  t.true(settled > 0)
  t.is(links.length, commit - settled)
  await data.close()
})

test('whatever is done to any file, nothing is lost without an error', async t => {
  t.log(`SEED=${seed}`)
  const chance = chances(seed)
  const original = await filled()
  const before = await contentOf(copyOf(original))
  const tally = new Map<string, number>()
  for (let round = 0; round < rounds; round++) {
    const directory = copyOf(original)
    const done = damageOne(directory, chance)
    const outcome = await outcomeOf(t, directory, { before, done })
    rmSync(directory, { recursive: true, force: true })
    tally.set(outcome, (tally.get(outcome) ?? 0) + 1)
  }
  t.log([...tally].map(([outcome, times]) => `${outcome} ${times}`).join(', '))
  t.true((tally.get('data_dir_corrupt') ?? 0) > 0 && (tally.get('data_dir_lost_commits') ?? 0) > 0)
})

test('kill -9 at any moment loses no commit that was acknowledged', async t => {
  t.log(`SEED=${seed}`)
  const chance = chances(seed)
  const directory = freshDirectory()
  let acknowledged = 0
  for (let round = 0; round < 6; round++) {
    acknowledged = await appendUntilKilled(directory, 20 + chance() * 250)
    const content = await contentOf(directory)
    t.is(content.lost, 0)
    t.true(content.commit >= acknowledged, `${content.commit} is behind ${acknowledged}`)
    t.deepEqual(
      content.partitions[0].map(line => line.split(' ')[0]),
      content.partitions[0].map((_, i) => `${i}`)
    )
    t.deepEqual(content.state, [`s/count=${content.partitions[0].length}`])
    t.true(content.partitions[0].length >= acknowledged - 1)
  }
  t.true(acknowledged > 100)
})

const child = `
  const [directory, folder] = process.argv.slice(1)
  const { openDataDirectory } = await import(folder + 'data-directory.ts')
  const { EmbeddedLog } = await import(folder + 'embedded-log.ts')
  const data = await openDataDirectory(directory, { memoryMb: 16 })
  const log = new EmbeddedLog(data.store, { marker: data.marker })
  await log.ensureTopics([{ name: 'clicks', partitions: 2, cleanup: 'delete', recordBytesMax: 1 << 20 }])
  for (;;) {
    const staging = log.stage(data.store.batch())
    const { nextOffset } = staging.append('clicks', 0, [{ key: 'u1', value: Buffer.alloc(500, 120), timestamp: 1 }])
    staging.batch.put('state', Buffer.from('s/count'), Buffer.from(String(nextOffset)))
    console.log(staging.commit())
    if (nextOffset % 50 === 0) await new Promise(setImmediate)
  }
`

async function appendUntilKilled(directory: string, afterMs: number): Promise<number> {
  const folder = new URL('.', import.meta.url).href
  const process_ = spawn(process.execPath, ['--input-type=module', '-e', child, directory, folder])
  let acknowledged = 0
  const lines = createInterface({ input: process_.stdout })
  lines.on('line', line => {
    if (acknowledged === 0) setTimeout(afterMs).then(() => process_.kill('SIGKILL'))
    acknowledged = Number(line)
  })
  await Promise.all([once(process_, 'exit'), once(lines, 'close')])
  return acknowledged
}

/** Cuts, flips or deletes something somewhere; says what. */
function damageOne(directory: string, chance: () => number): string {
  const files = filesOf(directory, /\.log$|\.sst$|MANIFEST|CURRENT$|commits$/)
  const kinds = [/\.log$/, /\.sst$/, /MANIFEST/, /./]
  const kind = kinds[Math.floor(chance() * kinds.length)]
  const candidates = files.filter(file => kind.test(file))
  const file = candidates[Math.floor(chance() * candidates.length)]
  const { size } = statSync(file)
  const at = Math.floor(chance() * size)
  const way = Math.floor(chance() * 8)
  if (way === 0) rmSync(file)
  else if (way < 3) truncateSync(file, at)
  else if (way === 3) truncateSync(file, Math.max(0, size - 1 - Math.floor(chance() * 200)))
  else {
    const bytes = readFileSync(file)
    for (let i = at; i < Math.min(size, at + (way === 7 ? 4096 : 1)); i++) bytes[i] ^= 1 + Math.floor(chance() * 255)
    writeFileSync(file, bytes)
  }
  return `${['deleted', 'cut', 'cut', 'cut a little off', 'flipped'][Math.min(way, 4)]} ${file} (${size} bytes) at ${at}`
}

/** The code of the error, or `whole` when everything is still there. */
async function outcomeOf(
  t: ExecutionContext,
  directory: string,
  { before, done }: { before: Content; done: string }
): Promise<string> {
  try {
    const content = await contentOf(directory)
    t.is(digestOf(content), digestOf(before), done)
    return 'whole'
  } catch (error) {
    const expected = ['data_dir_corrupt', 'data_dir_lost_commits', 'log_chunk_corrupt', 'log_chunk_missing']
    t.true(expected.includes(codeOf(error)), `${done}: ${messageOf(error)}`)
    return codeOf(error)
  }
}

type Content = Awaited<ReturnType<typeof contentOf>>

function digestOf({ commit, partitions, state, lost }: Content): string {
  const sizes = [...partitions.map(records => records.length), state.length]
  const hash = createHash('sha256')
    .update(JSON.stringify([partitions, state]))
    .digest('hex')
    .slice(0, 16)
  return `commit ${commit}, lost ${lost}, rows ${sizes}, ${hash}`
}

function remark(directory: string, traits: Partial<{ last: number; synced: number; bootId: string }>): void {
  const commits = CommitMarker.read(directory)
  if (!commits) throw new Error('no marker')
  CommitMarker.create(directory, { ...commits, ...traits }).close()
}

function filesOf(directory: string, kind: RegExp): string[] {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter(file => file.isFile())
  return files
    .map(file => join(file.parentPath, file.name))
    .filter(file => kind.test(file) && existsSync(file))
    .sort()
}

/** Opening a directory already empties its write-ahead log. */
function copyOf(original: string): string {
  const directory = freshDirectory()
  cpSync(original, directory, { recursive: true })
  return directory
}

async function contentOf2(directory: string) {
  const data = await openDataDirectory(directory)
  await data.close()
  return data
}

async function failureOf(run: () => Promise<unknown>): Promise<unknown> {
  return run().then(
    () => undefined,
    error => error
  )
}

const codeOfOpening = async (directory: string) => codeOf(await failureOf(() => contentOf(directory)))

/** Bytes that hardly compress, the same for the same number. */
function scattered(number: number, bytes: number): string {
  const chance = chances(number + 1)
  return Array.from({ length: bytes / 8 }, () =>
    Math.floor(chance() * 0xffffffff)
      .toString(16)
      .padStart(8, '0')
  ).join('')
}

function chances(from: number): () => number {
  let state = from
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
