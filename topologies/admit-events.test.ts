import test from 'ava'
import { event } from '../processors/testing/builders.ts'
import { acts, interactions, sessionSteps, sessions } from '../schemas/topics.ts'
import { admitEventsTopology } from './admit-events.ts'
import { attributed } from './testing/oracle.ts'
import { run } from './testing/run.ts'
import { type Arrival, traffic } from './testing/traffic.ts'

const seed = Number(process.env.SEED ?? 22)
const topology = admitEventsTopology({ purchasesCount: true })

test(`what was said and not taken back is what counts, for whom it counts (seed ${seed})`, t => {
  const arrivals = traffic(seed, { purchaseEvents: true, visits: 200 })
  const driver = run([topology], arrivals, { unitRecords: 20 })
  const textOf = ({ person, product_id, event_type, ts }: Omit<ReturnType<typeof attributed>[number], 'user_id'>) =>
    `${ts} ${person} ${event_type} ${product_id}`
  const standing: string[] = []
  for (const { value } of driver.outputs(acts)) {
    if (!value) continue
    if (value.undo) standing.splice(standing.indexOf(textOf(value)), 1)
    else standing.push(textOf(value))
  }
  const expected = attributed(arrivals)
  t.true(
    driver.outputs(acts).some(({ value }) => value?.undo),
    'somebody signed in late'
  )
  t.deepEqual(standing.sort(), expected.map(textOf).sort())
})

test('steps are in one partition, numbered within their visit, and visits are parted by 30 minutes', t => {
  const arrivals = traffic(seed, { isCalm: true, visits: 150 })
  const steps = run([topology], arrivals, { partitions: 4, unitRecords: 33 }).outputs(sessionSteps)
  const visits = Map.groupBy(steps, ({ value }) => value?.session)
  for (const [session, own] of visits) {
    const positions = own.map(({ value }) => value?.position)
    t.deepEqual(
      [...new Set(positions)],
      Array.from({ length: new Set(positions).size }, (_, i) => i),
      session
    )
  }
  t.is(visits.size, visitsIn(arrivals))
})

/** Counted from the raw events: per session id, a gap of more than 30 minutes, or another user, parts two visits. */
function visitsIn(arrivals: readonly Arrival[]): number {
  const events = arrivals.filter(({ topic }) => topic === interactions).map(({ value }) => value)
  const bySession = Map.groupBy(events, ({ session_id, user_id }) => session_id ?? user_id)
  let visits = 0
  for (const own of bySession.values()) {
    const visible = own.sort((a, b) => a.ts - b.ts)
    let last = Number.NEGATIVE_INFINITY
    let isCounted = false
    for (const { ts, event_type } of visible) {
      if (ts - last > 30 * 60_000) isCounted = false
      last = ts
      if (isCounted || event_type === 'dismiss' || event_type === 'remove_from_cart') continue
      isCounted = true
      visits++
    }
  }
  return visits
}

test('with purchases from orders, a purchase event ends a visit and counts for nobody', t => {
  const topic = interactions
  const value = event({ event_type: 'purchase', session_id: 's1', ts: 1_700_000_000_000 })
  const driver = run([admitEventsTopology({ purchasesCount: false })], [{ topic, key: 'u1', value, ts: value.ts }])
  t.deepEqual(driver.outputs(acts), [])
  t.is(driver.outputs(sessionSteps).length, 1)
  t.is(driver.view(sessions, 's1' as never)?.items[0].event_type, 'purchase')
})
