import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { codeOf } from '../../engine/errors.ts'
import { end, isRunning, startDetached, thisProcess } from './own-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-process-'))
const logFile = join(folder, 'output.log')
test.after.always(() => rmSync(folder, { recursive: true }))

const start = (script: string) => startDetached({ command: 'sh', args: ['-c', script] }, { folder, logFile })

test('a process is known by its id and its start, and ends when asked to', async t => {
  const own = await start('exec sleep 60')
  t.true(isRunning(own))
  await end(own, 5000)
  t.false(isRunning(own))
})

test('a process that has the id of one of ours, but not its start, is left alone', async t => {
  const own = await start('exec sleep 60')
  const older = { ...own, started: 'another time' }
  t.false(isRunning(older))
  await end(older, 5000)
  t.true(isRunning(own))
  await end(own, 5000)
})

test('one that does not listen is ended all the same', async t => {
  const own = await start('trap "" TERM; echo deaf; while :; do sleep 1; done')
  while (!readFileSync(logFile, 'utf8').includes('deaf')) await new Promise(resolve => setTimeout(resolve, 20))
  await end(own, 200)
  t.false(isRunning(own))
})

test('this process runs', t => {
  t.true(isRunning(thisProcess()))
})

test('a command that is not there is an error of ours', async t => {
  const error = await t.throwsAsync(startDetached({ command: 'no-such-command', args: [] }, { folder, logFile }))
  t.is(codeOf(error), 'stack_service_failed')
})
