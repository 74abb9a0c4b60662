import { packRecords } from '../../engine/ports/packed-records.ts'
import { historyHeader } from '../../engine/record.ts'
import { type Operations, only } from '../admin/operations.ts'
import type { DemoNote } from '../demo/demo-note.ts'
import type { DemoHistory, DemoRecords } from './context.ts'
import type { FileLoaded } from './load-file.ts'
import { Progress } from './progress.ts'

interface Loading {
  operations: Operations
  demo: DemoHistory
  /** Rows of the whole history; Infinity: all. */
  limit: number
  signal: AbortSignal
}

/** How often the log is told how far it is: pages of processes elsewhere show that. */
const noteEveryMs = 1_000

/** Loads the demo shop, or goes on where it was left; its times stay as the first load has moved them. */
export async function loadDemo(loading: Loading): Promise<FileLoaded> {
  const { operations, demo } = loading
  const loaded = { file: demo.name, type: null, accepted: 0, dead_lettered: 0, already_loaded: 0 }
  const note = await noteOf(loading)
  if (note?.done) return { ...loaded, already_loaded: note.rows ?? 0 }
  const shiftMs = note?.shift_ms ?? demo.shiftBefore(Date.now())
  const after = (await only(operations.producer({ name: demo.name }))).position ?? '0'
  const history = demo.batches({ shiftMs, after })
  const say = (rows: number, isEnded: boolean) =>
    writeNote(loading, {
      kind: 'note',
      about: 'demo',
      shift_ms: shiftMs,
      done: isEnded && rows === history.rowsTotal,
      ended: isEnded,
      rows,
      rows_total: history.rowsTotal
    })
  await say(Number(after), false)
  const position = await append(loading, history, { after: Number(after), onRows: rows => say(rows, false) })
  await only(operations.endHistory({ name: demo.name }))
  await say(position, true)
  return { ...loaded, accepted: position - Number(after), already_loaded: Number(after) }
}

/** Returns the position it has come to. */
async function append(
  { operations, demo, limit, signal }: Loading,
  history: ReturnType<DemoHistory['batches']>,
  { after, onRows }: { after: number; onRows: (rows: number) => Promise<void> }
): Promise<number> {
  const progress = new Progress('demo shop')
  let position = after
  let saidMs = performance.now()
  try {
    for (const batch of history) {
      if (signal.aborted || position >= limit) break
      await only(operations.append({ appends: [appendOf(batch, demo.name)] }))
      position = Number(batch.position)
      progress.show({ rows: position, part: position / Math.min(history.rowsTotal, limit) })
      if (performance.now() - saidMs < noteEveryMs) continue
      saidMs = performance.now()
      await onRows(position)
    }
  } finally {
    progress.end()
  }
  return position
}

function appendOf({ topic, records, position }: DemoRecords, name: string) {
  return {
    topic,
    records: Buffer.from(packRecords(records)).toString('base64'),
    headers: { [historyHeader]: name },
    producer: { name, to: position }
  }
}

async function noteOf({ operations, demo }: Loading): Promise<DemoNote | null> {
  let note: DemoNote | null = null
  for await (const { value } of operations.read({ topic: demo.noteTopic, key: demo.name })) {
    if (value !== null) note = demo.readNote(Buffer.from(value, 'base64'))
  }
  return note
}

async function writeNote({ operations, demo }: Loading, note: DemoNote): Promise<void> {
  const record = { key: demo.name, value: demo.writeNote(note), timestamp: Date.now() }
  const records = Buffer.from(packRecords([record])).toString('base64')
  await only(operations.append({ appends: [{ topic: demo.noteTopic, records }] }))
}
