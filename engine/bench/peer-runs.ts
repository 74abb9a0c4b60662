import { openDataDirectory } from '../log/data-directory.ts'
import { EmbeddedLog } from '../log/embedded-log.ts'
import type { NewRecord } from '../log/log.ts'
import { Stream } from '../stream.ts'
import { logName } from '../task/plan.ts'
import type { ViewTopic } from '../topic.ts'
import type { Topology } from '../topology.ts'
import { type Digests, digestsOf, lastValues } from './content-digests.ts'
import { linesOf } from './event-lines.ts'
import { interactions, interactionsByItem, touchOf } from './peer-events.ts'
import { coOccurrence, countByKey, itemCounts, similarItems } from './peer-topologies.ts'

export const tasks = {
  'co-occurrence': { topology: coOccurrence, input: interactions.name, output: similarItems },
  'count-by-key': { topology: countByKey, input: interactionsByItem.name, output: itemCounts }
} satisfies Record<string, { topology: Topology; input: string; output: ViewTopic<any, any> }>

export type TaskName = keyof typeof tasks

export interface PeerRun {
  task: TaskName
  directory: string
  partitions: number
}

const recordsPerAppend = 1_000
const sliceMs = 20

/** What the process has cost so far: CPU since its start, in all of its threads; wall time of the work alone. */
export interface Cost {
  events: number
  cpuUs: number
  seconds: number
  peakRssMb: number
}

export function costOf(events: number, startedMs: number): Cost {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  const seconds = (performance.now() - startedMs) / 1_000
  return { events, cpuUs: userCPUTime + systemCPUTime, seconds, peakRssMb: maxRSS / 1_024 }
}

/** Appends the events to the topic that the task reads. */
export async function load({ task, directory, partitions }: PeerRun, file: string): Promise<Cost> {
  const startedMs = performance.now()
  const { input, topology } = tasks[task]
  const { store, marker, close } = await openDataDirectory(directory)
  const log = new EmbeddedLog(store, { marker })
  await log.ensureTopics(Stream.topics({ topologies: [topology], partitions }))
  let events = 0
  for await (const records of recordsOf(file, task)) {
    log.append(input, records)
    events += records.length
  }
  const appended = costOf(events, startedMs)
  await close()
  return appended
}

async function* recordsOf(file: string, task: TaskName): AsyncIterable<NewRecord[]> {
  let records: NewRecord[] = []
  for await (const line of linesOf(file)) {
    const { user, item, time } = touchOf(line)
    records.push({ key: task === 'co-occurrence' ? user : item, value: Buffer.from(line), timestamp: time })
    if (records.length < recordsPerAppend) continue
    yield records
    records = []
  }
  yield records
}

/** Runs the topology until every loaded event is committed. */
export async function run({ task, directory, partitions }: PeerRun, intervalMs: number): Promise<Cost> {
  const startedMs = performance.now()
  const { topology } = tasks[task]
  const { store, marker, close } = await openDataDirectory(directory)
  const log = new EmbeddedLog(store, { marker })
  const stream = new Stream({
    topologies: [topology],
    log,
    store,
    partitions,
    commitIntervalMs: intervalMs,
    catchUpIntervalMs: intervalMs
  })
  const events = stream.lag
  while (stream.hasWork) stream.runSlice(performance.now() + sliceMs)
  stream.flush()
  const committed = costOf(events, startedMs)
  await close()
  return committed
}

/** Of what the output topic holds last for each key. */
export async function digests({ task, directory }: PeerRun): Promise<Digests> {
  const { store, close } = await openDataDirectory(directory)
  const found = digestsOf(lastValues(new EmbeddedLog(store), logName(tasks[task].output, 'millrace', 1)))
  await close()
  return found
}
