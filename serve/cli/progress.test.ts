import test from 'ava'
import { Progress, progressLine } from './progress.ts'

test('the line says how much is done, how fast, and how long it will take', t => {
  t.is(
    progressLine('events.jsonl', { rows: 50_000, part: 0.25, elapsedMs: 5_000 }),
    'events.jsonl  █████░░░░░░░░░░░░░░░ 25 %  50,000 rows  10,000/s  0:15 left'
  )
  t.is(progressLine('stdin', { rows: 10, part: null, elapsedMs: 1_000 }), 'stdin  10 rows  10/s')
})

test('nothing is written where stderr is no terminal', t => {
  const written: string[] = []
  const stream = { isTTY: false, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream
  const progress = new Progress('x', stream)
  progress.show({ rows: 1, part: 0.5 })
  progress.end()
  t.deepEqual(written, [])
})
