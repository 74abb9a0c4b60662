/**
 * What an answer costs: `npm run bench -- retrieval [--json] [--data DIR] [--events FILE] [--clicks N --items M] [--profile fast|full]`.
 *
 * Session files are looked for in DIR, else in $MILLRACE_BENCH_DATA, else in ../shared/data. FILE holds interaction events
 * (JSON lines). What is not there is left out and said so. With N alone that many generated clicks over up to M items
 * (default 700,000) are measured: 10,000,000 need 2 GB and some minutes.
 *
 * `p50`, `p90`, `p99` are of each answer's fastest of three passes, so that they measure the code and not what else runs
 * on the machine; `wall_…` are of all passes; `cpu_us` is processor time.
 */
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { EventColumns } from '../../reprocess/evaluate/event-columns.ts'
import { type Stream, streamOf } from '../../reprocess/evaluate/event-order.ts'
import { Latencies } from '../../reprocess/evaluate/latencies.ts'
import { readEvents } from '../../reprocess/evaluate/read-events.ts'
import { NextItems } from '../blend/next-items.ts'
import { SessionLearner } from '../blend/session-learner.ts'
import { generatedClicks } from './generated-clicks.ts'
import { saveIndex } from './index-snapshot.ts'
import { loadIndex } from './load-index.ts'
import { profiles } from './parameters.ts'
import type { RunningSession } from './running-session.ts'
import { SessionIndex } from './session-index.ts'

const { values: args } = parseArgs({
  options: {
    json: { type: 'boolean' },
    data: { type: 'string' },
    events: { type: 'string' },
    clicks: { type: 'string' },
    items: { type: 'string', default: '700000' },
    profile: { type: 'string', default: 'fast' }
  }
})
const data = args.data ?? process.env.MILLRACE_BENCH_DATA ?? new URL('../../../shared/data', import.meta.url).pathname
const profile = args.profile === 'full' ? 'full' : 'fast'
const questionsMax = 10_000
const passes = 3
const listLength = 20
const forEver = { ageMaxS: Number.POSITIVE_INFINITY, clicksMax: Number.POSITIVE_INFINITY }

type Report = (metric: string, value: number) => void

const cases: { name: string; train: string; test?: string; minPrefix: number }[] = [
  ...['retailrocket-sessions', 'serenade-example'].map(name => ({
    name,
    train: `${data}/${name}/train.txt.gz`,
    test: `${data}/${name}/test.txt.gz`,
    minPrefix: name === 'retailrocket-sessions' ? 2 : 1
  })),
  ...(args.events ? [{ name: 'generated', train: args.events, minPrefix: 1 }] : [])
]

if (args.clicks) measureGenerated(Number(args.clicks), Number(args.items))
else {
  for (const one of cases) {
    if (existsSync(one.train)) await measureFiles(one)
    else process.stderr.write(`${one.name} left out: ${one.train} is not there\n`)
  }
}

async function measureFiles({ name, train, test, minPrefix }: (typeof cases)[number]): Promise<void> {
  const columns = new EventColumns()
  await readEvents(train, columns)
  const trainCount = columns.count
  if (test) await readEvents(test, columns)
  measure(name, { columns, stream: streamOf(columns, trainCount, true), minPrefix })
}

/** As they come; the last two of a hundred are asked about. */
function measureGenerated(clicks: number, items: number): void {
  const columns = new EventColumns()
  for (const { session, item, timeS } of generatedClicks({ clicks, items, seed: 1 })) {
    columns.add({ session, item: `sku-${item}`, timeS, weight: 1 })
    columns.sessionCount = Math.max(columns.sessionCount, session + 1)
  }
  const stream = { order: Uint32Array.from({ length: clicks }, (_, i) => i), testFrom: Math.floor(clicks * 0.98) }
  measure(`generated-${clicks / 1e6}m`, { columns, stream, minPrefix: 1 })
}

interface Measured {
  columns: EventColumns
  stream: Stream
  minPrefix: number
}

function measure(name: string, { columns, stream, minPrefix }: Measured): void {
  const index = new SessionIndex(profiles[profile], forEver)
  const learner = new SessionLearner(index)
  const report: Report = (metric, value) => print(`${name}/${profile}`, metric, value)
  build(columns, stream, learner, report)
  report('items', index.ids.count)
  report('bytes_per_click', index.bytes().perClick)
  report('reserved_bytes_per_click', index.reservedBytes / index.clicks)
  const next = new NextItems(index, learner.learner.weights)
  answer(next, questionsOf(columns, stream, { index, minPrefix }), report)
  report('scratch_bytes', next.gathering.scratchBytes)
}

/** Learns from the last fifth only: enough for weights that are no longer those it starts with. */
function build(columns: EventColumns, { order, testFrom }: Stream, learner: SessionLearner, report: Report): void {
  const { index } = learner.next
  const sessions = new Int32Array(columns.sessionCount).fill(-1)
  const numbers = new Int32Array(columns.ids.count).fill(-1)
  const observing = new Latencies()
  for (let place = 0; place < testFrom; place++) {
    const event = order[place]
    const [key, timeS, known] = [columns.sessions[event], columns.times[event], numbers[columns.items[event]]]
    if (sessions[key] < 0) sessions[key] = index.startSession(timeS)
    const session = sessions[key]
    const item = known >= 0 ? known : index.itemOf(columns.ids.ids[columns.items[event]])
    numbers[columns.items[event]] = item
    const isLearned = place > testFrom * 0.8 && place - testFrom * 0.8 < 300_000
    if (isLearned) learner.learn({ session, item, timeS, offset: place, weight: 1 })
    const started = performance.now()
    index.observe(session, item, timeS)
    observing.add((performance.now() - started) * 1000)
  }
  report('observe_p50_us', observing.summary().p50)
  report('observe_p99_us', observing.summary().p99)
  rebuild(columns, { order: order.subarray(0, testFrom), testFrom }, report)
  const bytes = Buffer.concat(saveIndex(index, { offset: testFrom }))
  const loading = process.cpuUsage()
  loadIndex(new Uint8Array(bytes), index.parameters)
  report('snapshot_load_cpu_ms', cpuUs(loading) / 1000)
  report('snapshot_bytes', bytes.length)
}

/** The whole log again into a new index, as after a start without a snapshot; ids are looked up per event. */
function rebuild(columns: EventColumns, { order }: Stream, report: Report): void {
  const index = new SessionIndex(profiles[profile], forEver)
  const sessions = new Int32Array(columns.sessionCount).fill(-1)
  const before = process.cpuUsage()
  for (const event of order) {
    const key = columns.sessions[event]
    if (sessions[key] < 0) sessions[key] = index.startSession(columns.times[event])
    index.observe(sessions[key], index.itemOf(columns.ids.ids[columns.items[event]]), columns.times[event])
  }
  report('rebuild_events_per_cpu_s', (order.length * 1e6) / cpuUs(before))
}

function cpuUs(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return user + system
}

/** Every prefix of the sessions of the test part, thinned out evenly. */
function questionsOf(
  columns: EventColumns,
  { order, testFrom }: Stream,
  { index, minPrefix }: { index: SessionIndex; minPrefix: number }
): RunningSession[] {
  const every = Math.max(1, Math.ceil((order.length - testFrom) / questionsMax))
  const questions: RunningSession[] = []
  const bySession = new Map<number, number[]>()
  let prefixes = 0
  for (const event of order.subarray(testFrom)) {
    const items = bySession.get(columns.sessions[event]) ?? []
    bySession.set(columns.sessions[event], items)
    if (items.length >= minPrefix && prefixes++ % every === 0) {
      questions.push({ items: [...items], count: items.length, session: -1, firstStep: 1 })
    }
    const item = index.find(columns.ids.ids[columns.items[event]])
    if (item >= 0) items.push(item)
  }
  return questions
}

function answer(next: NextItems, questions: RunningSession[], report: Report): void {
  const fastest = new Float64Array(questions.length).fill(Number.POSITIVE_INFINITY)
  const wall = new Latencies()
  for (let i = 0; i < 2000; i++) next.predict(questions[i % questions.length])
  const before = process.cpuUsage()
  for (let pass = 0; pass < passes; pass++) {
    for (const [i, question] of questions.entries()) {
      const started = performance.now()
      next.predict(question)
      next.rank(listLength)
      const us = (performance.now() - started) * 1000
      fastest[i] = Math.min(fastest[i], us)
      wall.add(us)
    }
  }
  const answering = cpuUs(before)
  const best = new Latencies()
  for (const us of fastest) best.add(us)
  const { p50, p90, p99 } = best.summary()
  for (const [metric, value] of Object.entries({ p50_us: p50, p90_us: p90, p99_us: p99 })) report(metric, value)
  report('wall_p50_us', wall.summary().p50)
  report('wall_p99_us', wall.summary().p99)
  report('cpu_us', answering / questions.length / passes)
}

function print(name: string, metric: string, value: number): void {
  const rounded = Math.round(value * 100) / 100
  if (args.json) console.log(JSON.stringify({ bench: 'retrieval', case: name, metric, value: rounded }))
  else console.log(`${name.padEnd(32)} ${metric.padEnd(26)} ${rounded}`)
}
