import { createHash } from 'node:crypto'
import test from 'ava'
import { batchRowsMax, type DemoBatch, demoBatches } from './demo-source.ts'
import { lastOrderTime } from './online-retail.ts'

/** What the mapping makes of the data; a change of it is a decision, since running shops hold the old answer. */
const digest = '1f13dcb7af5bde1268b7e01fbab307683032f814c2326964a0bcc562fbeebcda'

test('the history is the same every time', t => {
  const hash = createHash('sha256')
  for (const { rows } of demoBatches({ shiftMs: 0 })) for (const row of rows) hash.update(`${JSON.stringify(row)}\n`)
  t.is(hash.digest('hex'), digest)
})

test('products, users, then orders, items and purchases, all counted beforehand', t => {
  const history = demoBatches({ shiftMs: 0 })
  const rows: Record<string, number> = {}
  for (const batch of history) rows[batch.topic] = (rows[batch.topic] ?? 0) + batch.rows.length
  t.deepEqual(Object.entries(rows), [
    ['products', 3787],
    ['users', 4372],
    ['orders', 19_905],
    ['order-items', 524_700],
    ['interactions', 517_157]
  ])
  t.is(history.rowsTotal, 1_069_921)
})

test('batches are small, numbered by rows and in the order of time', t => {
  let position = 0
  const last = new Map<string, number>()
  for (const batch of demoBatches({ shiftMs: 0 })) {
    position += batch.rows.length
    t.true(batch.rows.length > 0 && batch.rows.length <= batchRowsMax)
    t.is(batch.position, String(position))
    t.is(batch.timestamps.length, batch.rows.length)
    t.is(batch.lastTs, batch.timestamps[batch.timestamps.length - 1])
    t.true(isAscending([last.get(batch.topic) ?? 0, ...batch.timestamps]))
    last.set(batch.topic, batch.lastTs)
  }
  t.is(last.get('orders'), lastOrderTime)
})

test('a load goes on exactly behind the last batch it kept', t => {
  const all = [...demoBatches({ shiftMs: 0 })]
  for (const kept of [0, 3, 4, 5, 700, all.length - 1]) {
    const rest: DemoBatch[] = [...demoBatches({ shiftMs: 0, after: all[kept].position })]
    t.is(rest.length, all.length - 1 - kept)
    t.deepEqual(rest[0], all[kept + 1])
  }
})

function isAscending(times: number[]): boolean {
  return times.every((time, index) => index === 0 || times[index - 1] <= time)
}
