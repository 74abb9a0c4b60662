import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import test from 'ava'
import { codeOf, messageOf } from '../engine/errors.ts'
import { openEmbedded } from './compose-embedded.ts'
import { newDirectory } from './testing/instance.ts'
import { environment } from './testing/run-millrace.ts'

const run = promisify(execFile)

test('a stream thread that outgrows its heap ends with a sentence that names the key, and main goes on', async t => {
  const error = await t.throwsAsync(
    openEmbedded({
      directory: newDirectory(t),
      namespace: 'millrace',
      partitions: 1,
      fsyncIntervalMs: 1_000,
      commitIntervalMs: 50,
      catchUpIntervalMs: 1_000,
      cacheMb: 1,
      excludedIds: [],
      purchaseSource: () => ({ from: 'orders', isFixed: true }),
      storeMb: 16,
      streamHeapMb: 8
    })
  )
  t.is(codeOf(error), 'stream_out_of_memory')
  t.regex(messageOf(error), /stream\.memory_max_mb .*: raise it/)
})

const heapsFile = new URL('../engine/heap-growth.ts', import.meta.url).href
const limitOfThread = `
  const { Worker } = require('node:worker_threads')
  const code = 'require("node:worker_threads").parentPort.postMessage(require("node:v8").getHeapStatistics().heap_size_limit)'
  const resourceLimits = { maxOldGenerationSizeMb: 100, maxYoungGenerationSizeMb: 48 }
  new Worker(code, { eval: true, resourceLimits }).once('message', bytes => console.log(Math.round(bytes / 2 ** 20)))
`

test('a thread has the young generation it was started with, whatever that of main is', async t => {
  const env = environment({ NODE_OPTIONS: '--max-semi-space-size=1' })
  const limitAfter = async (prelude: string) => {
    const { stdout } = await run(process.execPath, ['--eval', `${prelude}${limitOfThread}`], { env })
    return Number(stdout)
  }
  const asMain = await limitAfter('')
  const own = await limitAfter(`require('${new URL(heapsFile).pathname}').letThreadsSizeYoungGenerations();`)
  t.true(own >= 140, `${own} MB of 100 and 48`)
  t.true(asMain < 110, `${asMain} MB`)
})
