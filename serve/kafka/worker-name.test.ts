import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { workerName } from './worker-name.ts'

const root = mkdtempSync(join(tmpdir(), 'millrace-name-'))
test.after.always(() => rmSync(root, { recursive: true, force: true }))

test('a worker keeps the name of its first start', t => {
  const directory = join(root, 'a')
  t.is(workerName(directory, 'worker-7'), 'worker-7')
  t.is(workerName(directory, ''), 'worker-7')
})

test('without a name it takes that of the host', t => {
  t.regex(workerName(join(root, 'b'), ''), /^[A-Za-z0-9][A-Za-z0-9._-]*$/)
})

test('a directory is not taken over by a worker of another name', t => {
  const directory = join(root, 'c')
  workerName(directory, 'one')
  t.throws(() => workerName(directory, 'two'), { code: 'worker_name_other', message: /is that of worker one, not two/ })
})
