import test from 'ava'
import { EmbeddedLog } from '../../engine/log/embedded-log.ts'
import { MemoryStore } from '../../engine/stores/memory-store.ts'
import { control } from '../../schemas/topics.ts'
import type { DemoNote } from './demo-note.ts'
import { DemoWatch } from './demo-watch.ts'

async function watched() {
  const log = new EmbeddedLog(new MemoryStore())
  await log.ensureTopics([{ name: control.name, partitions: 4, cleanup: 'compact', recordBytesMax: 1 << 20 }])
  let nowMs = 0
  const watch = new DemoWatch({ log, now: () => nowMs })
  const append = async (key: string, value: Parameters<typeof control.value.encode>[0]) => {
    await log.append(control.name, [{ key, value: control.value.encode(value), timestamp: 1 }])
    nowMs += 1_000
  }
  const say = (note: Partial<DemoNote>) =>
    append('demo', { kind: 'note', about: 'demo', shift_ms: 0, done: false, ...note })
  return { watch, append, say }
}

test('without a note there is no demo', async t => {
  const { watch, append } = await watched()
  await append('demo-of-somebody-else', { kind: 'exclusion', excluded: true })
  t.false(watch.isDemo)
  t.is(watch.load, null)
})

test('the newest note says how far the load is', async t => {
  const { watch, say } = await watched()
  await say({})
  t.true(watch.isDemo)
  t.deepEqual(watch.load, { rows: 0, rows_total: 0, done: false })
  await say({ rows: 10, rows_total: 100 })
  await say({ rows: 20, rows_total: 100 })
  t.deepEqual(watch.load, { rows: 20, rows_total: 100, done: false })
  await say({ rows: 100, rows_total: 100, done: true })
  t.deepEqual(watch.load, { rows: 100, rows_total: 100, done: true })
})

test('a load that was to end early is complete, and one that goes on is not', async t => {
  const { watch, say } = await watched()
  await say({ rows: 20, rows_total: 100, ended: true })
  t.deepEqual(watch.load, { rows: 20, rows_total: 20, done: true })
  await say({ rows: 30, rows_total: 100 })
  t.deepEqual(watch.load, { rows: 30, rows_total: 100, done: false })
})
