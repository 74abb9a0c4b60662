import { Worker } from 'node:worker_threads'
import { shiftBefore } from '../connectors/demo/online-retail.ts'
import { MillraceError, messageOf } from '../engine/errors.ts'
import type { LogReader } from '../engine/log/log-reader.ts'
import { producerKey } from '../engine/log/log-rows.ts'
import { partitionOf } from '../engine/log/partition-of.ts'
import { control } from '../schemas/topics.ts'
import type { Embedded } from './compose-embedded.ts'
import type { DemoNote } from './demo/demo-note.ts'
import { type DemoProgress, type DemoThreadData, demoLoad } from './demo/demo-thread-data.ts'

export interface DemoLoad {
  /** Resolves when all of it is on the log. */
  finished: Promise<void>
  stop(): Promise<void>
}

const threadFile = new URL(import.meta.url.endsWith('.ts') ? './demo-thread.ts' : './demo-thread.js', import.meta.url)

/** The packed shop and two batches on their way need half of it; without a limit garbage would take 200 MB more. */
const resourceLimits = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 6 }

/** Loads the demo shop once, or goes on where the last start was interrupted. Null when it has been loaded before. */
export async function loadDemo(
  embedded: Embedded,
  onProgress: (progress: DemoProgress) => void
): Promise<DemoLoad | null> {
  const note = readDemoNote(embedded.log)
  if (note?.done) return null
  const shiftMs = note?.shift_ms ?? shiftBefore(Date.now())
  if (!note) await writeNote(embedded, { kind: 'note', about: 'demo', shift_ms: shiftMs, done: false })
  const [position] = embedded.store.getMany('meta', [producerKey(demoLoad)])
  const port = embedded.connect()
  const data: DemoThreadData = { shiftMs, after: position?.toString() ?? '0' }
  const worker = new Worker(threadFile, { workerData: { ...data, port }, transferList: [port], resourceLimits })
  let isStopping = false
  let rows = 0
  const loaded = new Promise<void>((resolve, reject) => {
    worker.on('message', (progress: DemoProgress) => {
      rows = progress.rowsTotal
      onProgress(progress)
      if (progress.isDone) resolve()
    })
    worker.once('error', error => reject(demoFailed(error)))
    worker.once('exit', () => (isStopping ? resolve() : reject(demoFailed('its thread ended'))))
  })
  const finished = loaded.then(async () => {
    if (!isStopping) await writeNote(embedded, { kind: 'note', about: 'demo', shift_ms: shiftMs, done: true, rows })
  })
  return {
    finished,
    stop: async () => {
      isStopping = true
      await worker.terminate()
    }
  }
}

export function readDemoNote(log: LogReader): DemoNote | null {
  const spec = log.topics().find(({ name }) => name === control.name)
  if (!spec) return null
  const partition = partitionOf(demoLoad, spec.partitions)
  let note: DemoNote | null = null
  for (let offset = log.startOffset(control.name, partition); ; ) {
    const batch = log.read(control.name, partition, offset, 1 << 20)
    if (!batch) return note
    for (let i = 0; i < batch.count; i++) {
      const value = batch.value(i)
      if (batch.key(i) === demoLoad && value) note = control.value.decode(value) as unknown as DemoNote
    }
    offset = batch.nextOffset
  }
}

async function writeNote({ client }: Embedded, note: DemoNote): Promise<void> {
  await client.append(control.name, [
    { key: demoLoad, value: control.value.encode({ ...note }), timestamp: Date.now() }
  ])
}

function demoFailed(cause: unknown): MillraceError {
  return new MillraceError('demo_failed', 'stop', `The demo shop could not be loaded: ${messageOf(cause)}`, { cause })
}
