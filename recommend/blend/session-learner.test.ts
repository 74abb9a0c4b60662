import test from 'ava'
import { SessionIndex } from '../session-index/session-index.ts'
import { PublishingGate } from './publishing-gate.ts'
import { isSampled, SessionLearner } from './session-learner.ts'
import { startWeights } from './weights.ts'

/** Visits of three items out of ten, each to the next one; with `back`, to the one before the current one. */
function visits(learner: SessionLearner, count: number, back: boolean): void {
  const { index } = learner.next
  for (let visit = 0; visit < count; visit++) {
    const session = index.startSession(visit * 60)
    const way = back ? [0, 1, 0, 1, 0] : [0, 1, 2, 3, 4]
    for (const [i, step] of way.entries()) {
      const item = index.itemOf(`i${(visit + step) % 10}`)
      const timeS = visit * 60 + i
      learner.learn({ session, item, timeS, offset: index.events, weight: 1 })
      index.observe(session, item, timeS)
    }
  }
}

/** Mean reciprocal rank of going back, and of going on. */
function ranks(learner: SessionLearner): { back: number; on: number } {
  const { next } = learner
  const [a, b, c] = ['i3', 'i4', 'i5'].map(id => next.index.find(id))
  next.predict({ items: [a, b], count: 2, session: -1, firstStep: 1 })
  return { back: 1 / next.rankOf(next.placeOf(a)), on: 1 / next.rankOf(next.placeOf(c)) }
}

test('the blend learns whether visitors go back, and learns it anew when they change', t => {
  const learner = new SessionLearner(new SessionIndex(), { oneIn: 1 })
  visits(learner, 300, true)
  t.is(ranks(learner).back, 1)
  visits(learner, 1500, false)
  t.is(ranks(learner).on, 1)
  t.is(learner.learner.skipped, 0)
})

test('the same events teach the same bits', t => {
  const [first, second] = [1, 2].map(() => {
    const learner = new SessionLearner(new SessionIndex())
    visits(learner, 200, true)
    return learner
  })
  t.true(first.learner.steps > 0)
  t.deepEqual(first.learner.weights, second.learner.weights)
})

test('a learner that was saved goes on as if nothing had been', t => {
  const index = new SessionIndex()
  const learner = new SessionLearner(index)
  visits(learner, 100, true)
  const restored = new SessionLearner(index, { state: learner.save() })
  const session = index.startSession(9000)
  index.observe(session, index.itemOf('i3'), 9000)
  for (const one of [learner, restored]) {
    one.learnAlways({ session, item: index.itemOf('i4'), timeS: 9001, offset: 0, weight: 2 })
  }
  t.deepEqual(restored.save(), learner.save())
})

test('a third of the log is learned, evenly', t => {
  const sampled = Array.from({ length: 30_000 }, (_, offset) => offset).filter(offset => isSampled(offset, 3))
  t.true(Math.abs(sampled.length - 10_000) < 200)
  t.true(Math.abs(sampled.filter(offset => offset < 15_000).length - sampled.length / 2) < 100)
})

test('the gate closes when the fixed blend was better over the last ten thousand predictions, and opens again', t => {
  const gate = new PublishingGate()
  for (let i = 0; i < 500; i++) gate.record(9, 1)
  t.true(gate.isOpen, 'too few to tell')
  for (let i = 0; i < 600; i++) gate.record(9, 1)
  t.false(gate.isOpen)
  t.true(gate.lead < 0)
  const restored = new PublishingGate()
  restored.restore(gate.save())
  t.is(restored.lead, gate.lead)
  for (let i = 0; i < 10_000; i++) gate.record(1, 2)
  t.is(gate.lead, 0.5)
  t.true(gate.isOpen)
})

test('weights that are not finite, or not good enough, are not served', t => {
  const learner = new SessionLearner(new SessionIndex())
  for (let i = 0; i < 2000; i++) learner.gate.record(5, 1)
  t.false(learner.serving().isNewest)
  t.deepEqual(learner.serving().weights, startWeights())
})
