import test from 'ava'
import { SessionLearner, targetWeights } from '../recommend/blend/session-learner.ts'
import { fast } from '../recommend/session-index/parameters.ts'
import { SessionIndex } from '../recommend/session-index/session-index.ts'
import type { SessionId } from '../schemas/ids.ts'
import type { SessionStep } from '../schemas/session-step.ts'
import { blend, sessionSteps } from '../schemas/topics.ts'
import { blendTopology } from './blend.ts'
import { run } from './testing/run.ts'
import { type Arrival, seeded } from './testing/traffic.ts'

const seed = Number(process.env.SEED ?? 5)
const types = ['view', 'click', 'add_to_cart', 'purchase'] as const

/** Visits that go from an item to one near it, some back again, some acts revised or in bulk. */
function steps(count: number): SessionStep[] {
  const random = seeded(seed)
  const made: SessionStep[] = []
  for (let visit = 0; made.length < count; visit++) {
    const session = `s${visit}`
    let item = Math.floor(random() ** 2 * 80)
    let ts = 1_700_000_000_000 + visit * 20_000
    for (let position = 0; position < 2 + random() * 6; position++) {
      const step = { session, session_id: session, user_id: null, order_id: null, recommendation_id: null }
      const event_type = types[Math.floor(random() ** 4 * 4)]
      made.push({ ...step, product_id: `p${item}`, event_type, ts, position })
      if (random() < 0.1) made.push({ ...step, product_id: `p${item}`, event_type: 'purchase', ts, position })
      item = random() < 0.2 ? item : (item + 1 + Math.floor(random() * 3)) % 80
      ts += random() < 0.1 ? 0 : 5000 + Math.floor(random() * 9000)
    }
  }
  return made
}

const arrivals: Arrival[] = steps(6000).map(value => ({ topic: sessionSteps, key: value.session, value, ts: value.ts }))
const once = run([blendTopology], arrivals)
const rows = (driver: typeof once) => [...driver.viewAll(blend)]

/** Plain code over the same steps; nothing of the topology, its state or the feed. */
function expected(): SessionLearner {
  const index = new SessionIndex(fast)
  const learner = new SessionLearner(index)
  const sessions = new Map<string, number>()
  const seen = new Set<string>()
  for (const [offset, { value: step }] of arrivals.entries()) {
    const timeS = Math.floor(step.ts / 1000)
    if (seen.has(`${step.session} ${step.position}`)) continue
    seen.add(`${step.session} ${step.position}`)
    const known = sessions.get(step.session)
    const session = known ?? index.startSession(timeS, offset)
    sessions.set(step.session, session)
    const before = index.find(step.product_id)
    const weight = targetWeights[step.event_type]
    if (known !== undefined && timeS === index.sessions.timeOf(session)) continue
    if (known !== undefined) learner.learn({ session, item: before, timeS, offset, weight })
    index.observe(session, index.itemOf(step.product_id), timeS)
  }
  return learner
}

test(`weights are, bit for bit, those of the learner over the same steps (seed ${seed})`, t => {
  const [[key, row], ...others] = rows(once)
  const { published, learner } = expected()
  t.is(key, 'blend')
  t.deepEqual(others, [])
  t.true(learner.steps > 640, `${learner.steps} steps were learned`)
  t.deepEqual({ ...row }, { ...published, weights: [...published.weights] })
  t.true(row.version > 5000 && row.version <= arrivals.length)
})

for (const [what, options] of [
  ['in units of one record', { unitRecords: 1 }],
  ['in units of 37 records', { unitRecords: 37, batchRecords: 5 }],
  ['with hardly any memory', { unitRecords: 500, cacheBytes: 20_000 }]
] as const) {
  test(`the same steps ${what} teach the same bits (seed ${seed})`, t => {
    t.deepEqual(rows(run([blendTopology], arrivals, options)), rows(once))
  })
}

test(`a learner that is stopped and started again learns the same bits (seed ${seed})`, t => {
  const half = run([blendTopology], arrivals.slice(0, 3001), { unitRecords: 100 })
  const rest = run([blendTopology], arrivals.slice(3001), { unitRecords: 100, store: half.store })
  t.deepEqual(rows(rest), rows(once))
})

test(`a tombstone among the steps is none of them, before a restart and after it (seed ${seed})`, t => {
  const gone = { ...arrivals[3000], value: null }
  const half = run([blendTopology], [...arrivals.slice(0, 3000), gone])
  const rest = run([blendTopology], [gone, ...arrivals.slice(3000)], { store: half.store })
  t.deepEqual(rest.deadLetters(), [])
  t.deepEqual(rows(rest), rows(run([blendTopology], [...arrivals.slice(0, 3000), gone, gone, ...arrivals.slice(3000)])))
})

test('nothing is published before something was learned', t => {
  t.deepEqual(rows(run([blendTopology], arrivals.slice(0, 50))), [])
})

test('lines of one order teach nothing: they have no order among themselves', t => {
  const bulk = Array.from({ length: 2000 }, (_, i) => {
    const session = `s${Math.floor(i / 20)}` as SessionId
    const value = { ...arrivals[0].value, session, product_id: `p${i % 20}`, ts: 1_700_000_000_000, position: i % 20 }
    return { topic: sessionSteps, key: session, value, ts: value.ts }
  })
  t.deepEqual(rows(run([blendTopology], bulk)), [])
})
