import { ByteReader } from '../bytes.ts'
import { readVersioned } from '../codec.ts'
import { MillraceError, messageOf, stop } from '../errors.ts'
import type { TableState, ValueState } from '../processor.ts'
import { applyDelta, type CodecWithDeltas, generationAt } from '../state/delta-rows.ts'
import type { Column, StoreReader } from '../stores/state-store.ts'

/** Where a store lies: rows `u16 id, u16 partition, …` of column `state`, or `u16 id, …` of column `views`. */
export interface Place {
  column: Column
  id: number
}

export type StateLayout = ValueState<any> | TableState<any>

/** One key with what is stored under it; tables are a Map by row. */
export interface Entry {
  key: string
  /** The bytes that sort entries across partitions. */
  order: Buffer
  partition: number | null
  value: unknown
  /** Event time of the newest record that set it; NaN where the store does not forget. */
  touched: number
  bytes: number
}

interface Row {
  /** Of the row key, behind id and partition. */
  key: Buffer
  value: Buffer
}

const page = { limit: 500, bytesMax: 1 << 20 }

/** Rows of a range, page by page; `undefined` between pages. */
function* rowsOf(store: StoreReader, column: Column, { gte, lt }: { gte: Buffer; lt: Buffer }, skip: number) {
  let from = gte
  for (;;) {
    const rows = store.range(column, { gte: from, lt, ...page })
    for (const [key, value] of rows) yield { key: key.subarray(skip), value } as Row
    const last = rows.at(-1)
    if (!last) return
    from = Buffer.concat([last[0], Buffer.of(0)])
  }
}

function partitionsOf(store: StoreReader, { column, id }: Place): number[] {
  const partitions: number[] = []
  for (let next = 0; next <= 0xffff; ) {
    const [row] = store.range(column, { gte: prefixOf(id, next), lt: prefixOf(id + 1), limit: 1 })
    if (!row) break
    const partition = row[0].readUInt16BE(2)
    partitions.push(partition)
    next = partition + 1
  }
  return partitions
}

/** Entries of a store of state in the order of their keys, all partitions together. */
export function* stateEntries(store: StoreReader, id: number, spec: StateLayout, prefix = ''): Generator<Entry> {
  const place: Place = { column: 'state', id }
  const runs = partitionsOf(store, place).map(partition => {
    const rows = rowsOf(store, 'state', rangeOf(prefixOf(id, partition), prefix), 4)
    return spec.kind === 'table' && spec.layout === 'rows'
      ? groupedEntries(rows, spec, partition)
      : spec.kind === 'value' && spec.codec.deltas
        ? entriesWithDeltas(rows, spec, partition)
        : singleEntries(rows, spec, partition)
  })
  yield* merged(runs)
}

/** Timers in (time, kind, key) order: kind 0 is the processor's own. */
export function* timerEntries(store: StoreReader, id: number): Generator<Entry> {
  const runs = partitionsOf(store, { column: 'state', id }).map(partition =>
    timersOf(rowsOf(store, 'state', rangeOf(prefixOf(id, partition), ''), 4), partition)
  )
  yield* merged(runs)
}

function* timersOf(rows: Generator<Row>, partition: number): Generator<Entry> {
  for (const row of rows) {
    const input = new ByteReader(row.key)
    const at = input.i64()
    const kind = input.u8()
    const key = input.text(input.end - input.position)
    yield { key, order: row.key, partition, value: { at, kind }, touched: Number.NaN, bytes: row.key.length }
  }
}

export function* viewEntries(
  store: StoreReader,
  id: number,
  decode: (bytes: Buffer) => unknown,
  prefix = ''
): Generator<Entry> {
  for (const { key, value } of rowsOf(store, 'views', rangeOf(prefixOf(id), prefix), 2)) {
    const bytes = key.length + value.length
    yield { key: key.toString(), order: key, partition: null, value: decode(value), touched: Number.NaN, bytes }
  }
}

function* singleEntries(rows: Generator<Row>, spec: StateLayout, partition: number): Generator<Entry> {
  for (const { key, value } of rows) {
    const input = new ByteReader(value)
    const touched = spec.ttlMs === undefined ? Number.NaN : input.f64()
    const decoded = readable(key, () =>
      spec.kind === 'table' ? packedRows(spec, input) : readVersioned(spec.codec, input)
    )
    yield { key: key.toString(), order: key, partition, value: decoded, touched, bytes: key.length + value.length }
  }
}

/** Values that are stored whole, each followed by what has changed since. */
function* entriesWithDeltas(rows: Generator<Row>, spec: StateLayout, partition: number): Generator<Entry> {
  const codec = spec.codec as CodecWithDeltas<any>
  let entry: Entry | undefined
  let generation = 0
  for (const { key, value } of rows) {
    const input = new ByteReader(value)
    const touched = spec.ttlMs === undefined ? Number.NaN : input.f64()
    if (entry && key.indexOf(0) === entry.order.length) {
      const { value: whole } = entry
      entry.bytes += key.length + value.length
      if (readable(key, () => applyDelta(codec, whole, input, generation))) entry.touched = touched
      continue
    }
    if (entry) yield entry
    const whole = readable(key, () => readVersioned(codec, input))
    generation = generationAt(input)
    entry = { key: key.toString(), order: key, partition, value: whole, touched, bytes: key.length + value.length }
  }
  if (entry) yield entry
}

/** A codec that meets bytes it never wrote fails in words of its own. */
function readable<T>(key: Buffer, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof MillraceError) throw error
    const place = JSON.stringify(key.toString())
    throw stop(
      'state_unreadable',
      `What is stored under the key ${place} cannot be read (${messageOf(error)}): run the release that wrote it, or restore a backup.`,
      error
    )
  }
}

function packedRows({ codec }: StateLayout, input: ByteReader): Map<string, unknown> {
  const rows = new Map<string, unknown>()
  for (let count = input.varint(); count > 0; count--) {
    const row = input.string()
    const end = input.varint() + input.position
    rows.set(row, readVersioned(codec, new ByteReader(input.buffer, input.position, end)))
    input.position = end
  }
  return rows
}

/** Rows stored one by one under key, NUL, row. */
function* groupedEntries(rows: Generator<Row>, spec: StateLayout, partition: number): Generator<Entry> {
  let entry: Entry | undefined
  for (const { key: rowKey, value } of rows) {
    const nul = rowKey.indexOf(0)
    const order = rowKey.subarray(0, nul)
    if (entry && !entry.order.equals(order)) {
      yield entry
      entry = undefined
    }
    entry ??= { key: order.toString(), order, partition, value: new Map(), touched: Number.NaN, bytes: 0 }
    const input = new ByteReader(value)
    if (spec.ttlMs !== undefined) {
      const touched = input.f64()
      if (!(entry.touched >= touched)) entry.touched = touched
    }
    const byRow = entry.value as Map<string, unknown>
    byRow.set(
      rowKey.toString('utf8', nul + 1),
      readable(rowKey, () => readVersioned(spec.codec, input))
    )
    entry.bytes += rowKey.length + value.length
  }
  if (entry) yield entry
}

/** Sorted runs as one; few enough that looking at every head is quick. */
function* merged(runs: Generator<Entry>[]): Generator<Entry> {
  const heads = runs.map(run => ({ run, next: run.next() })).filter(({ next }) => !next.done)
  while (heads.length > 0) {
    let best = heads[0]
    for (const head of heads) if (Buffer.compare(head.next.value.order, best.next.value.order) < 0) best = head
    yield best.next.value
    best.next = best.run.next()
    if (best.next.done) heads.splice(heads.indexOf(best), 1)
  }
}

function prefixOf(id: number, partition?: number): Buffer {
  const prefix = Buffer.alloc(partition === undefined ? 2 : 4)
  prefix.writeUInt16BE(id)
  if (partition !== undefined) prefix.writeUInt16BE(partition, 2)
  return prefix
}

function rangeOf(place: Buffer, prefix: string): { gte: Buffer; lt: Buffer } {
  const gte = Buffer.concat([place, Buffer.from(prefix)])
  return { gte, lt: behind(gte) }
}

/** The first key that does not begin with `prefix`. */
function behind(prefix: Buffer): Buffer {
  const lt = Buffer.from(prefix)
  let last = lt.length - 1
  while (last > 0 && lt[last] === 0xff) last--
  lt[last]++
  return lt.subarray(0, last + 1)
}
