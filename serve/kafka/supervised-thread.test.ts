import { Worker } from 'node:worker_threads'
import test from 'ava'
import { SupervisedThread } from './supervised-thread.ts'
import type { WorkerEvent } from './worker-messages.ts'

const backOff = { initialMs: 20, maxMs: 50, forgottenAfterMs: 60_000 }

function thread(source: string) {
  const heard: string[] = []
  const supervised = new SupervisedThread({
    start: () => new Worker(`const { parentPort: port } = require('node:worker_threads'); ${source}`, { eval: true }),
    onEvent: ({ type }: WorkerEvent) => heard.push(type),
    onFatal: ({ code, message }) => heard.push(`fatal ${code} ${message}`),
    onDied: (_, pauseMs) => heard.push(`died ${pauseMs}`),
    backOff
  })
  const until = async (isTrue: () => boolean) => {
    while (!isTrue()) await new Promise(resolve => setTimeout(resolve, 5))
  }
  return { supervised, heard, until }
}

test('a thread that dies is started again, each time a little later', async t => {
  const { supervised, heard, until } = thread(`throw new TypeError('broken')`)
  supervised.start()
  await until(() => heard.length >= 4)
  await supervised.end('stop')
  t.deepEqual(heard.slice(0, 4), ['died 20', 'died 40', 'died 50', 'died 50'])
})

test('what only a human can mend is told, and nothing is started again', async t => {
  const fatal = `{ type: 'fatal', code: 'kafka_login', message: 'wrong password' }`
  const { supervised, heard, until } = thread(`port.postMessage(${fatal})`)
  supervised.start()
  await until(() => heard.length > 0)
  await new Promise(resolve => setTimeout(resolve, 100))
  t.deepEqual(heard, ['fatal kafka_login wrong password'])
})

test('a thread that is told to end is waited for, and not started again', async t => {
  const { supervised, heard, until } = thread(
    `port.postMessage({ type: 'committed' }); port.on('message', ({ type }) => { if (type === 'drain') port.close() })`
  )
  supervised.start()
  await until(() => heard.length > 0)
  await supervised.end('drain')
  await new Promise(resolve => setTimeout(resolve, 50))
  t.deepEqual(heard, ['committed'])
})
