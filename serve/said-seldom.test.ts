import test from 'ava'
import { saidSeldom } from './said-seldom.ts'

test('the same trouble again is said after a minute', t => {
  const lines: string[] = []
  let nowMs = 0
  const say = saidSeldom(
    line => lines.push(line),
    () => nowMs
  )
  for (const at of [0, 1, 59_999, 60_000, 60_001]) {
    nowMs = at
    say(`at ${at}`)
  }
  t.deepEqual(lines, ['at 0', 'at 60000'])
})
