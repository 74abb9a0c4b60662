import test from 'ava'
import { tapReader } from './tap.ts'

function read(...lines: string[]) {
  const tap = tapReader()
  for (const line of lines) tap.line(line)
  return tap.result
}

test('counts what passed, failed and was skipped', t => {
  const { passed, failed, skipped } = read('ok 1 - a', 'not ok 2 - b', 'ok 3 - c # SKIP', 'not ok 4 - d # TODO', '1..4')
  t.deepEqual({ passed, failed, skipped }, { passed: 1, failed: 1, skipped: 2 })
})

test('keeps what a failure says and logs, and not what a passing test logs', t => {
  const lines = ['ok 1 - a', '#   seed 1', 'not ok 2 - b', '#   seed 2', '  ---', '    message: boom', '  ...']
  t.deepEqual(read(...lines).failures, [{ title: 'b', detail: ['   seed 2', '    message: boom'] }])
})

test('does not take the text of a failure for a result', t => {
  const { passed, failed } = read('not ok 1 - a', '  ---', 'ok 2 - not a result', '  ...', 'ok 2 - b')
  t.deepEqual({ passed, failed }, { passed: 1, failed: 1 })
})

test('a crashed file is a failure', t => {
  t.is(read('not ok 1 - x.test.ts exited due to SIGSEGV').failed, 1)
})

test('a number sign in a title is part of it', t => {
  t.deepEqual(read('ok 1 - cut #2 of a session', 'ok 2 - needs redis # SKIP').skips, ['needs redis'])
})
