import test from 'ava'
import { Pace, type PaceOptions } from './pace.ts'

/** A unit that has been open for as long as the test says, with more to come unless it is idle. */
function pacing({ lag = 1 } = {}) {
  let nowMs = 0
  const clock = { now: () => nowMs, monotonic: () => nowMs }
  const processing = { isUnitOpen: true, isMidBatch: false, isUnitFull: false, unitAge: 0, lag, merger: { inputs: [] } }
  const pace = new Pace({
    clock,
    processing: processing as unknown as PaceOptions['processing'],
    commitIntervalMs: 50,
    catchUpIntervalMs: 1_000
  })
  const isDueAt = (ageMs: number) => {
    processing.unitAge = ageMs
    return pace.isCommitDue(lag === 0)
  }
  const pass = (ms: number) => {
    nowMs += ms
  }
  return { pace, isDueAt, pass }
}

test('who is far behind commits after the longer interval, who is not soon', t => {
  const behind = pacing()
  t.false(behind.isDueAt(999))
  t.true(behind.isDueAt(1_000))
  t.true(pacing({ lag: 0 }).isDueAt(50))
})

test('units that write much are cut shorter while far behind, but not below the interval, and grow again', t => {
  const { pace, isDueAt } = pacing()
  for (let i = 0; i < 10; i++) pace.committed({ tookMs: 5, bytes: 160 << 20, ageMs: 1_000 })
  t.true(isDueAt(105))
  t.false(isDueAt(99))
  for (let i = 0; i < 10; i++) pace.committed({ tookMs: 5, bytes: 1 << 30, ageMs: 100 })
  t.true(isDueAt(51))
  t.false(isDueAt(49))
  pace.committed({ tookMs: 5, bytes: 0, ageMs: 0 })
  t.true(isDueAt(51), 'positions alone say nothing')
  for (let i = 0; i < 20; i++) pace.committed({ tookMs: 5, bytes: 1 << 10, ageMs: 100 })
  t.false(isDueAt(990))
})

test('who has nothing else to do commits at once, and spends a sixth of its time on commits', t => {
  const { pace, isDueAt, pass } = pacing({ lag: 0 })
  // Much was committed while there was much to do.
  for (let i = 0; i < 20; i++) pace.committed({ tookMs: 500, bytes: 1 << 10, ageMs: 100 })
  let committed = 0
  for (let ms = 0; ms < 6_000; ms++) {
    pass(1)
    if (!isDueAt(1)) continue
    committed++
    pass(10)
    ms += 10
    pace.committed({ tookMs: 10, bytes: 1 << 10, ageMs: 1 })
  }
  t.true(committed > 90, `${committed} commits of 10 ms in 6 s`)
  t.true(committed < 125, `${committed} commits of 10 ms in 6 s`)
  t.false(isDueAt(1), 'nothing is left')
  t.true(isDueAt(50), 'the interval is kept all the same')
  pass(1_200)
  t.true(isDueAt(0), 'saved up again')
})
