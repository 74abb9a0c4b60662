import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import test from 'ava'
import { codeOf } from '../errors.ts'
import { RocksReader, RocksStore } from './rocksdb-store.ts'
import { storeContract } from './store-contract.ts'

const root = mkdtempSync(join(tmpdir(), 'millrace-store-'))
test.after.always(() => rmSync(root, { recursive: true, force: true }))

let count = 0
const freshDirectory = () => join(root, `${count++}`)
const text = (value: string) => Buffer.from(value)

storeContract(test, 'rocksdb', () => RocksStore.open(freshDirectory()))

test('what was written is there after closing and opening again', async t => {
  const directory = freshDirectory()
  const store = await RocksStore.open(directory)
  const batch = store.batch()
  batch.put('state', text('aa'), text('1'))
  store.write(batch)
  await store.close()
  const again = await RocksStore.open(directory)
  t.deepEqual(again.getMany('state', [text('aa')]), [text('1')])
  await again.close()
})

test('a directory that is open is refused with the code data_dir_in_use', async t => {
  const directory = freshDirectory()
  const store = await RocksStore.open(directory)
  const error = await t.throwsAsync(RocksStore.open(directory))
  t.is(codeOf(error), 'data_dir_in_use')
  t.true(error?.message.includes(directory))
  await store.close()
})

test('a reader on the handle sees each write at once', async t => {
  const store = await RocksStore.open(freshDirectory())
  const reader = RocksReader.attach(store.handle)
  t.deepEqual(reader.getMany('state', [text('aa')]), [undefined])
  const batch = store.batch()
  batch.put('state', text('aa'), text('1'))
  store.write(batch)
  t.deepEqual(reader.getMany('state', [text('aa')]), [text('1')])
  t.is(reader.range('state', { gte: text('aa'), lt: text('bb') }).length, 1)
  await store.close()
})

test('another thread writes through the handle and this one reads', async t => {
  const store = await RocksStore.open(freshDirectory())
  const source = `
    import { workerData } from 'node:worker_threads'
    const { RocksStore } = await import(workerData.module)
    const store = RocksStore.attach(workerData.handle)
    const batch = store.batch()
    for (let i = 0; i < 1000; i++) batch.put('views', Buffer.from('key ' + i), Buffer.from('from the thread'))
    store.write(batch, { sync: true })
    await store.close()
  `
  const workerData = { handle: store.handle, module: new URL('rocksdb-store.ts', import.meta.url).href }
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), { workerData })
  const exitCode = await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject))
  t.is(exitCode, 0)
  t.deepEqual(store.getMany('views', [text('key 999')]), [text('from the thread')])
  await store.close()
})
