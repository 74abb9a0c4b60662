/**
 * The two tasks of the embedded benchmark on Kafka, beside Kafka Streams: same broker, same events, same driver.
 *
 *     npm run bench -- kafka-streams [--peers FOLDER] [--json] [--only co-occurrence] [--no-peer] [--threads 2]
 *
 * FOLDER (or MILLRACE_PEERS; else shared/peers/kafka-streams beside the checkout) has the driver, `run.sh`, which needs Java 17, Maven and bash. It starts a broker and each
 * program, measures from outside until everything is committed through the last topic, and reads back what came out.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, createWriteStream, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createGzip } from 'node:zlib'
import { eventsFile } from '../../engine/bench/generate-events.ts'
import { stop } from '../../engine/errors.ts'

const beside = fileURLToPath(new URL('../../../shared/peers/kafka-streams', import.meta.url))
const { values: flags } = parseArgs({
  allowNegative: true,
  options: {
    json: { type: 'boolean' },
    peers: { type: 'string', default: process.env.MILLRACE_PEERS ?? beside },
    only: { type: 'string' },
    peer: { type: 'boolean', default: true },
    threads: { type: 'string', default: '2' },
    work: { type: 'string', default: join(tmpdir(), 'millrace-kafka-streams') },
    port: { type: 'string', default: '19392' }
  }
})

interface Case {
  topology: 'co-occurrence' | 'count-by-key'
  guarantee: 'exactly_once_v2' | 'at_least_once'
  commitMs: number
  /** What else the driver does, not for timing. */
  mode?: 'verify' | 'restore' | 'kills'
}

type Report = Record<string, number | string | boolean>

const eos = 'exactly_once_v2'
const alo = 'at_least_once'
const cases: Case[] = [
  { topology: 'count-by-key', guarantee: eos, commitMs: 100 },
  { topology: 'count-by-key', guarantee: eos, commitMs: 1_000 },
  { topology: 'count-by-key', guarantee: alo, commitMs: 100 },
  { topology: 'co-occurrence', guarantee: eos, commitMs: 100 },
  { topology: 'co-occurrence', guarantee: eos, commitMs: 1_000 },
  { topology: 'co-occurrence', guarantee: alo, commitMs: 100 },
  { topology: 'co-occurrence', guarantee: eos, commitMs: 100, mode: 'verify' },
  { topology: 'co-occurrence', guarantee: eos, commitMs: 100, mode: 'kills' },
  { topology: 'co-occurrence', guarantee: eos, commitMs: 100, mode: 'restore' }
]
const modes = {
  verify: ['--verify', 'true'],
  restore: ['--restore', 'true'],
  kills: ['--kill-at', '0.2,0.4,0.6']
}

/** What must come out for these events, whoever computes it and however often it is killed. */
const expected = {
  'co-occurrence': '16a48f172899b4df4b3f480582b584e1035733d7364bc0ce33e15cfdd30c7cb6',
  'count-by-key': 'e10f9d0c03b1c2ed81f5537592461e906085f263e726ab5e392d9921aa79ee1d'
}
const measures = [
  'cpu_us_per_record',
  'broker_cpu_s',
  'records_per_s',
  'records_per_s_steady',
  'start_s',
  'peak_rss_mib',
  'changelog_mib',
  'output_records_kept'
]
const program = fileURLToPath(new URL('testing/peer-stream-thread.ts', import.meta.url))
const ours = `exec '${process.execPath}' '${program}'`

const { work, port, threads } = flags
const runner = join(flags.peers as string, 'run.sh')
if (!existsSync(runner)) {
  console.error(`Left out: there is no driver ${runner}. Say where it is with --peers FOLDER or MILLRACE_PEERS.`)
} else {
  try {
    await bench()
  } finally {
    stopBroker()
  }
}

async function bench(): Promise<void> {
  mkdirSync(work, { recursive: true })
  const file = join(work, 'events-1m.jsonl.gz')
  if (!existsSync(file)) {
    const { path } = await eventsFile()
    await pipeline(createReadStream(path), createGzip({ level: 1 }), createWriteStream(file))
  }
  if (!flags.json) console.log(`${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}`)
  for (const one of cases) if (flags.only === undefined || nameOf(one).startsWith(flags.only)) await measure(one, file)
}

function nameOf({ topology, guarantee, commitMs, mode }: Case): string {
  const named = [topology, guarantee === eos ? 'exactly_once' : guarantee, commitMs < 1_000 ? `${commitMs}ms` : '1s']
  return [...named, ...(mode ? [mode] : [])].join('/')
}

async function measure(one: Case, file: string): Promise<void> {
  const mine = await run(one, file, ['--command', ours])
  const peer = flags.peer ? await run(one, file, []) : undefined
  const name = nameOf(one)
  for (const metric of one.mode === 'restore' ? ['restore_s', 'changelog_mib'] : one.mode ? [] : measures)
    figure(name, metric, Number(mine[metric]), peer && Number(peer[metric]))
  figure(name, 'digest', digest(one, mine))
  if (one.mode === 'verify') figure(name, 'own_log_digest', ownLogDigest(mine))
}

/** The driver takes it before it restores anything. */
function digest({ topology }: Case, report: Report): string {
  const found = topology === 'co-occurrence' ? report.digest_counts : report.digest
  if (found === expected[topology]) return 'ok'
  process.exitCode = 1
  return `${found}, not ${expected[topology]}`
}

function ownLogDigest({ verified }: Report): string {
  if (verified === true) return 'ok'
  process.exitCode = 1
  return 'differs'
}

async function run({ topology, guarantee, commitMs, mode }: Case, file: string, more: string[]): Promise<Report> {
  const options = ['--file', file, '--topology', topology, '--guarantee', guarantee, '--commit-ms', String(commitMs)]
  const child = spawn('bash', [runner, ...options, '--threads', threads, ...(mode ? modes[mode] : []), ...more], {
    env: { ...process.env, WORK: work, PORT: port, KEEP_BROKER: '1' },
    stdio: ['ignore', 'ignore', 'inherit']
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw stop('bench_failed', `The driver ended with ${code}: see above, and the logs in ${work}.`)
  const lines = readFileSync(join(work, 'results.jsonl'), 'utf8').trimEnd().split('\n')
  return JSON.parse(lines[lines.length - 1])
}

function figure(name: string, metric: string, value: number | string, peer?: number): void {
  const compared = peer === undefined ? {} : { peer, ratio: Math.round((Number(value) / peer) * 100) / 100 }
  if (flags.json) console.log(JSON.stringify({ bench: 'kafka-streams', case: name, metric, value, ...compared }))
  else console.log(`${name.padEnd(36)} ${metric.padEnd(22)} ${String(value).padEnd(12)} ${peer ?? ''}`)
}

/** The driver leaves it running for the next run. */
function stopBroker(): void {
  const pidFile = join(work, `broker-${port}.pid`)
  if (!existsSync(pidFile)) return
  try {
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGTERM')
  } catch (error) {
    console.error(`The broker had ended: ${error}`)
  }
}
