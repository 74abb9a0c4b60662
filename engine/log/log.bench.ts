import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryStore } from '../stores/memory-store.ts'
import { ChunkBuilder } from './chunk.ts'
import { openDataDirectory } from './data-directory.ts'
import { EmbeddedLog } from './embedded-log.ts'
import type { RecordBatch } from './log.ts'

/** CPU of the process (its RocksDB threads included) per record of the embedded log, and bytes on disk. */
const records = Number(process.env.RECORDS ?? 1_000_000)
const perCommit = 1000
const valueBytes = 40

const keys = Array.from({ length: 10_000 }, (_, i) => `user_${(i * 7919) % 50_000}`)
const value = Buffer.alloc(valueBytes)

function cpuMicros(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

function measured(count: number, run: () => void): number {
  const before = cpuMicros()
  run()
  return (cpuMicros() - before) / count
}

function appendAll(log: EmbeddedLog, store: { batch(): Parameters<EmbeddedLog['stage']>[0] }): void {
  const builder = new ChunkBuilder()
  for (let i = 0; i < records; i += perCommit) {
    for (let j = i; j < i + perCommit; j++) {
      value.writeDoubleLE((j * 0.6180339887) % 1, j % 32)
      builder.add(keys[j % keys.length], value, 1_700_000_000_000 + j)
    }
    const staging = log.stage(store.batch())
    staging.append('bench', 0, builder)
    staging.commit()
  }
}

function readAll(log: EmbeddedLog, visit: (batch: RecordBatch, index: number) => void): void {
  for (let at = 0; ; ) {
    const batch = log.read('bench', 0, at, 256 * 1024)
    if (!batch) return
    for (let i = 0; i < batch.count; i++) visit(batch, i)
    at = batch.nextOffset
  }
}

async function figuresOf(log: EmbeddedLog, store: Parameters<typeof appendAll>[1]) {
  await log.ensureTopics([{ name: 'bench', partitions: 1, cleanup: 'delete', recordBytesMax: 1 << 20 }])
  let bytes = 0
  return {
    'append µs': measured(records, () => appendAll(log, store)),
    'read timestamps µs': measured(records, () => readAll(log, (batch, i) => (bytes += batch.timestamp(i)))),
    'read keys µs': measured(records, () => readAll(log, (batch, i) => (bytes += batch.key(i).length))),
    'read keys and values µs': measured(records, () =>
      readAll(log, (batch, i) => (bytes += batch.key(i).length + (batch.value(i)?.length ?? 0)))
    )
  }
}

const rounded = (figures: Record<string, number>) =>
  Object.fromEntries(Object.entries(figures).map(([name, figure]) => [name, Math.round(figure * 1000) / 1000]))

const memory = new MemoryStore()
const inMemory = rounded(await figuresOf(new EmbeddedLog(memory), memory))

const directory = mkdtempSync(join(tmpdir(), 'millrace-log-bench-'))
const data = await openDataDirectory(directory)
const log = new EmbeddedLog(data.store, { marker: data.marker })
const onDisk = rounded(await figuresOf(log, data.store))
const small = measured(5000, () => {
  for (let i = 0; i < 5000; i++) log.append('bench', [{ key: keys[i], value, timestamp: i }])
})
const merged = measured(5000, () => {
  while (log.maintain(0, 50));
})
await data.close()
const { store, close } = await openDataDirectory(directory)
const bytesPerRecord = store.bytesOnDisk() / (records + 5000)
await close()
rmSync(directory, { recursive: true, force: true })

console.log(`embedded log: ${records} records of ${valueBytes} B, ${perCommit} per commit, CPU per record`)
console.table({ 'in memory': inMemory, 'on RocksDB': onDisk })
console.log(`a commit of one record: ${small.toFixed(1)} µs; merging its chunk later: ${merged.toFixed(1)} µs`)
console.log(`on disk: ${bytesPerRecord.toFixed(1)} bytes per record`)
