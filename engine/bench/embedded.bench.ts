/**
 * Two stateful tasks over a million events on the embedded log, exactly-once and durable: what an event costs.
 *
 *     npm run bench -- embedded [--json] [--only co-occurrence/100ms]
 *
 * Each case runs in a process of its own, whose whole CPU time counts: start of Node, storage engine and all threads
 * included, until every event is committed. Beside it the same task as a plain loop in memory.
 */
import { spawn } from 'node:child_process'
import { cpSync, globSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { stop } from '../errors.ts'
import { type Digests, digestsOf } from './content-digests.ts'
import { eventsFile } from './generate-events.ts'
import { type Cost, costOf, digests, load, type PeerRun, run, type TaskName } from './peer-runs.ts'
import { PlainLoop } from './plain-loop.ts'

const { values: flags } = parseArgs({
  options: { json: { type: 'boolean' }, only: { type: 'string' }, role: { type: 'string' }, job: { type: 'string' } }
})

/** What must come out for these events, whoever computes it. */
const expected = {
  similarItems: '720781cbace54f436ee7054e5c4758130907194c56aaa25d8c89989a7e725a12',
  similarItemsCounts: '16a48f172899b4df4b3f480582b584e1035733d7364bc0ce33e15cfdd30c7cb6',
  itemCounts: 'e10f9d0c03b1c2ed81f5537592461e906085f263e726ab5e392d9921aa79ee1d'
}

interface Case {
  name: string
  task: TaskName
  partitions: number
  intervalMs: number
  isRight: (digests: Digests) => boolean
}

/** With several input partitions the order of pairs is not promised, so that only their number is compared. */
const cases: Case[] = [
  { name: 'co-occurrence/1s/1-partition', task: 'co-occurrence', partitions: 1, intervalMs: 1_000, isRight: isExact },
  { name: 'co-occurrence/1s', task: 'co-occurrence', partitions: 4, intervalMs: 1_000, isRight: isCounted },
  { name: 'co-occurrence/100ms', task: 'co-occurrence', partitions: 4, intervalMs: 100, isRight: isCounted },
  { name: 'count-by-key/1s', task: 'count-by-key', partitions: 4, intervalMs: 1_000, isRight: isItemCounts },
  { name: 'count-by-key/100ms', task: 'count-by-key', partitions: 4, intervalMs: 100, isRight: isItemCounts }
]

function isExact({ content }: Digests): boolean {
  return content === expected.similarItems
}

function isCounted({ counts }: Digests): boolean {
  return counts === expected.similarItemsCounts
}

function isItemCounts({ content }: Digests): boolean {
  return content === expected.itemCounts
}

interface Job extends PeerRun {
  file: string
  intervalMs: number
}

const roles: Record<string, (job: Job) => Promise<unknown>> = {
  load: job => load(job, job.file),
  run: job => run(job, job.intervalMs),
  digests,
  'plain-loop': async ({ file }) => {
    const startedMs = performance.now()
    const loop = new PlainLoop()
    const cost = costOf(await loop.run(file), startedMs)
    return { ...cost, digests: digestsOf(loop.results()) }
  }
}

/** Commit intervals are wall time: with less CPU in each of them there are more commits, each for fewer events. */
function warnIfBusy(): void {
  const [load] = loadavg()
  if (load < 1) return
  console.error(
    `The machine is busy (load ${load.toFixed(1)}): CPU per event comes out too high, the more so at 100 ms.`
  )
}

const loaded = new Set<string>()

if (flags.role) console.log(JSON.stringify(await roles[flags.role](JSON.parse(flags.job as string))))
else await bench()

async function bench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  try {
    const { path: file } = await eventsFile()
    if (!flags.json) console.log(`${cpus()[0].model}, ${availableParallelism()} cores, Node ${process.version}`)
    warnIfBusy()
    const loop: Cost & { digests: Digests } = await child('plain-loop', { file })
    print('plain-loop', loop, isExact(loop.digests))
    for (const one of cases) {
      if (flags.only === undefined || one.name.startsWith(flags.only)) await measure(one, folder, file)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure({ name, task, partitions, intervalMs, isRight }: Case, folder: string, file: string) {
  const source = join(folder, `${task}-${partitions}`)
  if (!loaded.has(source)) {
    loaded.add(source)
    const cost: Cost = await child('load', { task, directory: source, partitions, file })
    const loading = `${task}/load${partitions === 1 ? '/1-partition' : ''}`
    print(loading, cost)
    figure(loading, 'bytes_on_disk', bytesOf(source))
  }
  const directory = join(folder, 'run')
  cpSync(source, directory, { recursive: true })
  const cost: Cost = await child('run', { task, directory, partitions, intervalMs })
  print(name, cost, isRight(await child('digests', { task, directory, partitions })))
  figure(name, 'bytes_on_disk', bytesOf(directory))
  rmSync(directory, { recursive: true })
}

async function child<T>(role: string, job: Partial<Job>): Promise<T> {
  const args = [import.meta.filename, '--role', role, '--job', JSON.stringify(job)]
  const node = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let answer = ''
  for await (const piece of node.stdout.setEncoding('utf8')) answer += piece
  if (answer === '') throw stop('bench_failed', `The process for ${role} ended without an answer: see above.`)
  return JSON.parse(answer)
}

function print(name: string, { events, cpuUs, seconds, peakRssMb }: Cost, isRight?: boolean): void {
  figure(name, 'cpu_us_per_record', Math.round((cpuUs / events) * 100) / 100)
  figure(name, 'records_per_s', Math.round(events / seconds))
  figure(name, 'peak_rss_mb', Math.round(peakRssMb))
  if (isRight === undefined) return
  figure(name, 'digest', isRight ? 'ok' : 'differs')
  if (!isRight) process.exitCode = 1
}

function figure(name: string, metric: string, value: number | string): void {
  if (flags.json) console.log(JSON.stringify({ bench: 'embedded', case: name, metric, value }))
  else console.log(`${name.padEnd(32)} ${metric.padEnd(20)} ${value}`)
}

function bytesOf(directory: string): number {
  return globSync('**/*', { cwd: directory }).reduce((sum, file) => sum + statSync(join(directory, file)).size, 0)
}
