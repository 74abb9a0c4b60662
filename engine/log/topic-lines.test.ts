import test from 'ava'
import { codeOf, messageOf } from '../errors.ts'
import { MemoryStore } from '../stores/memory-store.ts'
import { EmbeddedLog } from './embedded-log.ts'
import { all, logTime, record, spec } from './log-contract.ts'
import { exportLines, importLines } from './topic-lines.ts'

async function logOf(partitions = 2) {
  const log = new EmbeddedLog(new MemoryStore())
  await log.ensureTopics([spec({ partitions, cleanup: 'compact' })])
  return log
}

const importInto = (log: EmbeddedLog, lines: Iterable<string>) =>
  importLines(lines, (records, partition) => log.append('clicks', records, { partition }))

test('a line says where the record was and what it held', async t => {
  const log = await logOf(1)
  log.append('clicks', [{ key: 'u1', value: Buffer.from('{"a":1}'), timestamp: logTime, headers: { why: 'late' } }])
  log.append('clicks', [{ key: 'u1', value: null, timestamp: logTime }])
  t.deepEqual(
    [...exportLines(log, 'clicks')],
    [
      '{"topic":"clicks","partition":0,"offset":0,"timestamp":1704067200000,"key":"u1","value":"{\\"a\\":1}","headers":{"why":"late"}}',
      '{"topic":"clicks","partition":0,"offset":1,"timestamp":1704067200000,"key":"u1","value":null}'
    ]
  )
})

test('what was exported can be imported, byte for byte', async t => {
  const log = await logOf()
  for (let i = 0; i < 5; i++)
    log.append(
      'clicks',
      Array.from({ length: 700 }, (_, j) => record(`u${j}`, `${i} é`))
    )
  log.append('clicks', [
    { key: Buffer.from([255, 1]), value: Buffer.from([0, 128]), timestamp: 5, headers: { a: '1', b: '' } },
    { key: '', value: Buffer.alloc(0), timestamp: 0 },
    { key: 'gone', value: null, timestamp: logTime }
  ])
  log.append('clicks', [{ key: null, value: Buffer.from('x'), timestamp: 1 }], { partition: 1 })
  const lines = [...exportLines(log, 'clicks')]
  const copy = await logOf()
  t.is(await importInto(copy, lines), 3504)
  t.deepEqual([...exportLines(copy, 'clicks')], lines)
})

test('an import into other partitions goes by key', async t => {
  const log = await logOf(4)
  log.append(
    'clicks',
    Array.from({ length: 100 }, (_, i) => record(`u${i}`, 'x'))
  )
  const copy = await logOf(1)
  await importInto(copy, exportLines(log, 'clicks'))
  t.is(all(copy).length, 100)
})

test('what is appended during an export is not in it', async t => {
  const log = await logOf(1)
  log.append('clicks', [record('u1', 'a')])
  const lines = exportLines(log, 'clicks')
  lines.next()
  log.append('clicks', [record('u1', 'b')])
  t.deepEqual([...lines], [])
})

test('a line that is no record stops with its number', async t => {
  const log = await logOf()
  const good = '{"timestamp":1,"key":"a","value":"b"}'
  for (const bad of ['{', '[]', 'null', '{"timestamp":1,"key":"a"}', '{"timestamp":"1","key":"a","value":null}']) {
    const error = await t.throwsAsync(importInto(log, [good, '', bad]))
    t.is(codeOf(error), 'import_line_invalid')
    t.regex(messageOf(error), /^Line 2 /)
  }
})
