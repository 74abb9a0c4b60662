import test from 'ava'
import { Pace, type PaceOptions } from './pace.ts'

/** A unit that has been open for as long as the test says, with more to come unless it is idle. */
function pacing({ lag = 1 } = {}) {
  const clock = { now: () => 0, monotonic: () => 0 }
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
  return { pace, isDueAt }
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
