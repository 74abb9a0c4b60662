import test from 'ava'
import type { LogPositions } from './log-positions.ts'
import { untilProcessed } from './until-processed.ts'

const derived = new Map([
  ['events', ['by-item']],
  ['by-item', []]
])

/** A log whose streams commit a record of the first topic that has any, per question. */
function busyLog(ends: Record<string, number>, isRunning = true): LogPositions {
  const committed: Record<string, number> = { events: 0, 'by-item': 0 }
  const offsets = (of: Record<string, number>) =>
    new Map(Object.entries(of).map(([topic, offset]) => [topic, new Map([[0, offset]])]))
  return {
    committed: async () => {
      const topic = Object.keys(ends).find(name => committed[name] < ends[name])
      if (topic && isRunning) {
        committed[topic]++
        if (topic === 'events') ends['by-item']++
      }
      return offsets(committed)
    },
    ends: async () => offsets(ends)
  }
}

test('it waits until the last record that came of the last record is processed', async t => {
  const ends = { events: 5, 'by-item': 0 }
  const lags: number[] = []
  await untilProcessed({
    derived,
    log: busyLog(ends),
    members: async () => 1,
    onProgress: left => lags.push(left),
    pollMs: 0
  })
  t.is(ends['by-item'], 5)
  t.deepEqual(lags.slice(-2), [1, 0])
})

test('with nobody who processes, it ends after a while with a sentence that says what to do', async t => {
  const error = await t.throwsAsync(
    untilProcessed({
      derived,
      log: busyLog({ events: 5, 'by-item': 0 }, false),
      members: async () => 0,
      pollMs: 1,
      patienceMs: { nobody: 30, somebody: 30 }
    })
  )
  t.like(error, { code: 'records_not_processed' })
  t.regex(error?.message ?? '', /up to 5 are to be processed: start millrace stream/)
})

test('a task that stands still is noticed although others go on', async t => {
  let committed = 0
  const offsets = (events: number, other: number) =>
    new Map([
      ['events', new Map([[0, events], [1, other]])] // biome-ignore format: a table
    ])
  const error = await t.throwsAsync(
    untilProcessed({
      derived: new Map([['events', []]]),
      log: { committed: async () => offsets(committed++, 2), ends: async () => offsets(committed + 5, 3) },
      members: async () => 2,
      pollMs: 1,
      patienceMs: { nobody: 60, somebody: 60 }
    })
  )
  t.like(error, { code: 'records_not_processed' })
  t.regex(error?.message ?? '', /stream workers have not gone on for/)
})
