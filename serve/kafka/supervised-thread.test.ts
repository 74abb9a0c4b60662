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

test('what may pass by itself is tried again like a death', async t => {
  const heard: string[] = []
  const fatal = `{ type: 'fatal', code: 'kafka_group_mixed', message: 'others are still there' }`
  const supervised = new SupervisedThread({
    start: () => new Worker(`require('node:worker_threads').parentPort.postMessage(${fatal})`, { eval: true }),
    onEvent: ({ type }: WorkerEvent) => heard.push(type),
    onFatal: ({ code }) => heard.push(`fatal ${code}`),
    mayMend: () => heard.length < 2,
    onDied: error => heard.push(String((error as Error).message)),
    backOff
  })
  supervised.start()
  while (heard.length < 3) await new Promise(resolve => setTimeout(resolve, 5))
  await supervised.end('stop')
  t.deepEqual(heard, ['others are still there', 'others are still there', 'fatal kafka_group_mixed'])
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
