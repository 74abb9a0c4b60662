import test from 'ava'
import { days } from '../engine/index.ts'
import { readNameIds } from '../engine/stores/name-ids.ts'
import type { TopologyDriver } from '../engine/testing/drive-topology.ts'
import { decay } from '../recommend/decay.ts'
import type { Interaction } from '../schemas/interaction.ts'
import * as topics from '../schemas/topics.ts'
import { halfLives, type ItemFeatures, type SessionView, type SimilarItems } from '../schemas/views.ts'
import { allTopologies } from './index.ts'
import { differences, type RunOptions, run } from './testing/run.ts'
import { type Arrival, traffic } from './testing/traffic.ts'

const seed = Number(process.env.SEED ?? 31)
const { erasureRequests, erasures, interactions, merges, orders, userFeatures, users } = topics
const erased = 'u3'
/** Timers may stand for a week beside a basket's name; weights are numbers, whose bytes may be any. */
const isNumbersOrTimers = /\.timers$|^blend\.|^basket\./
/** Learned weights keep a trace until the next replay; vectors hear of a change weeks later. */
const others = ['erasures', 'blend', 'basket', 'item-vectors']
const views = Object.values(topics)
  .filter(topic => topic.kind === 'view')
  .filter(({ name }) => !others.includes(name))

for (const purchaseSource of ['orders', 'events'] as const) {
  const arrivals = traffic(seed, { purchaseEvents: true, shared: 24 })
  const last = Math.max(...arrivals.map(({ ts }) => ts))
  const { ids, own, without } = partedFrom(arrivals)
  const topologies = allTopologies({ purchaseSource })
  const forget = (options: RunOptions = {}) => run(topologies, [...arrivals, request(last)], options)
  /** What is other than if they had never been, row by row, with units of the same size. */
  const traces = (driver: TopologyDriver, options: RunOptions = {}, others = without) => {
    const never = run(topologies, others, options)
    return views
      .filter(({ equality }) => options.partitions === undefined || equality !== 'order')
      .flatMap(view => {
        const rowsOf = (one: TopologyDriver) => timeless(view.name, one.viewAll(view as any), last)
        return differences(view as any, rowsOf(never), rowsOf(driver), 0)
      })
  }

  test(`purchases from ${purchaseSource}: who is erased has never been, in any view (seed ${seed})`, t => {
    for (const options of [{}, { unitRecords: 1 }, { unitRecords: 50, partitions: 4 }]) {
      const after = forget(options)
      t.deepEqual(traces(after, options), [], JSON.stringify(options))
      t.deepEqual(after.deadLetters(), [])
      t.deepEqual([...after.viewAll(erasures).keys()], ['era_1'])
    }
  })

  test(`purchases from ${purchaseSource}: an erasure is done when all that is theirs is (seed ${seed})`, t => {
    const { found, done } = forget().view(erasures, 'era_1' as never) ?? {}
    t.true(['device3', 'device3s', 'device15', 'shared3'].every(id => ids.has(id)))
    t.is(found, ids.size)
    t.is(done, ids.size)
  })

  test(`purchases from ${purchaseSource}: of state, only what keeps them out still names them, and their own sessions (seed ${seed})`, t => {
    const { store } = forget({ unitRecords: 50 })
    const names = new Map([...readNameIds(store, 'store')].map(([name, id]) => [id, name]))
    const naming = new Set<string | undefined>()
    const isNamed = new RegExp(`(?<![a-z0-9])(${[...own].join('|')})(?![a-z0-9])`)
    for (const [key, value] of store.range('state', { gte: Buffer.of(0), lt: Buffer.of(255), limit: 1_000_000 })) {
      if (isNamed.test(Buffer.concat([key.subarray(4), value]).latin1Slice()))
        naming.add(names.get(key.readUInt16BE(0)))
    }
    t.deepEqual([...naming].filter(name => !isNumbersOrTimers.test(name ?? '')).sort(), [
      'admit-events.v1.admit-events.visitor',
      'admit-events.v1.attribute-acts.links',
      'admit-events.v1.cut-sessions.erasedNames',
      'person-baskets.v1.find-baskets.erasedUntil',
      'user-features.v1.fold-user.user'
    ])
  })

  test(`purchases from ${purchaseSource}: what comes late, twice or again brings nothing back (seed ${seed})`, t => {
    const again = forget()
    // The shop's row of the user is the shop's: when it comes again it says again what they consent to.
    const theirs = arrivals.filter(arrival => !without.includes(arrival) && arrival.topic !== users)
    const isRead = new Set(again.log.topics().map(({ name }) => name))
    for (const { topic, key, value, ts } of theirs) {
      if (isRead.has(topic.name)) again.append(topic, key as never, value, ts)
    }
    again.commit()
    t.deepEqual(traces(again), [])
    t.is(again.view(erasures, 'era_1' as never)?.found, ids.size)
  })

  test(`purchases from ${purchaseSource}: an erasure that is met before its history leaves nothing either (seed ${seed})`, t => {
    // In a session of several people nobody can tell yet whose an anonymous event is: it is dropped.
    const isUnshared = ({ value }: Arrival) => !String(value?.session_id).startsWith('shared')
    const options = { unitRecords: 1 }
    const live = run(topologies, [request(last), ...arrivals.filter(isUnshared)], options)
    // The shop's row of the user is the shop's.
    t.deepEqual(
      traces(live, options, without.filter(isUnshared)).filter(
        trace => !trace.startsWith(`${userFeatures.name}/${erased}`)
      ),
      []
    )
    const unshared = [...ids].filter(id => !id.startsWith('shared'))
    const { found, done } = live.view(erasures, 'era_1' as never) ?? {}
    t.deepEqual([found, done], [unshared.length, unshared.length])
  })
}

test(`what an erased person does afterwards is somebody new's (seed ${seed})`, t => {
  const arrivals = traffic(seed, { isCalm: true })
  const last = Math.max(...arrivals.map(({ ts }) => ts))
  const value = {
    event_id: 'new',
    user_id: erased,
    session_id: null,
    event_type: 'view',
    product_id: 'p1',
    context: {}
  }
  const later = { topic: interactions, key: erased, value: { ...value, ts: last + 1 }, ts: last + 1 }
  const driver = run(allTopologies({ purchaseSource: 'orders' }), [...arrivals, request(last), later])
  t.is(JSON.stringify(driver.view(userFeatures, erased as never)?.seen), `[{"product_id":"p1","ts":${last + 1}}]`)
})

function request(ts: number): Arrival {
  const value = { erasure_id: 'era_1', user_id: erased, requested_at: ts, until: ts }
  return { topic: erasureRequests, key: erased, value, ts }
}

/**
 * By plain looking: their ids, those that are nobody else's, and the traffic as it would be if they had never come. In a
 * session of several people, what is anonymous is of whoever signs in within the hour.
 */
function partedFrom(arrivals: readonly Arrival[]): { ids: Set<string>; own: Set<string>; without: Arrival[] } {
  const people = new Set([erased])
  for (const { topic, key, value } of arrivals) if (topic === merges && value.user_id === erased) people.add(key)
  const events = arrivals.filter(({ topic }) => topic === interactions).map(({ value }) => value)
  const orderIds = new Set<string>()
  for (const { topic, key, value } of arrivals) if (topic === orders && value?.user_id === erased) orderIds.add(key)
  const sessionsOf = (isOf: (user: string) => boolean) =>
    new Set<string>(
      events.filter(({ user_id }) => user_id !== null && isOf(user_id)).map(({ session_id }) => session_id)
    )
  const [theirs, others] = [sessionsOf(user => people.has(user)), sessionsOf(user => !people.has(user))]
  theirs.delete(null as never)
  const isOthers = ({ user_id, session_id, ts }: Interaction) =>
    user_id === null
      ? events.some(one => one.session_id === session_id && isSomebodyElses(one) && Math.abs(one.ts - ts) < 3_600_000)
      : !people.has(user_id)
  const isSomebodyElses = ({ user_id }: Interaction) => user_id !== null && !people.has(user_id)
  const isTheirs = ({ topic, key, value }: Arrival) => {
    if (topic !== interactions) return people.has(key) || orderIds.has(key) || people.has(value?.user_id)
    return theirs.has(value.session_id) ? !isOthers(value) : people.has(value.user_id)
  }
  const ids = new Set([...people, ...theirs])
  const own = new Set([...people, ...[...theirs].filter(id => !others.has(id))])
  return { ids, own, without: arrivals.filter(arrival => !isTheirs(arrival)) }
}

/** Sums decayed to one time; without times at which an item was first or last heard of, which nobody's sum is made of. */
function timeless(view: string, rows: Map<string, any>, now: number): Map<string, any> {
  if (view === topics.itemFeatures.name) return mapped(rows, row => featuresAt(row, now))
  if (view === topics.sessions.name) return mapped(rows, row => visitAt(row, now))
  if (view === topics.similarItems.name) return mapped(rows, row => similarAt(row, now))
  return rows
}

function mapped(rows: Map<string, any>, at: (row: any) => object | null): Map<string, any> {
  return new Map([...rows].flatMap(([key, row]) => (at(row) === null ? [] : [[key, at(row)]])))
}

function featuresAt(
  { as_of, first_seen, last_seen, trend, popularity, organic, ...counts }: ItemFeatures,
  now: number
) {
  const lives = Object.values(halfLives)
  const at = (sums: number[]) => sums.map((sum, i) => sum * decay(now - as_of, lives[i]))
  const left = { ...counts, popularity: at(popularity), organic: at(organic) }
  // An item that nobody else has touched keeps a row without anything in it.
  return counts.views + counts.clicks + counts.carts + counts.purchases === 0 ? null : left
}

function similarAt({ as_of, weight, ...lists }: SimilarItems, now: number) {
  return weight === 0 ? null : { ...lists, weight: weight * decay(now - as_of, days(7)) }
}

/**
 * A visit of longer ago than it is remembered goes when its session is next heard of, for example by an erasure. Of one
 * that another followed in the same session, it is not known any more what was done in it.
 */
function visitAt({ items, ...visit }: SessionView, now: number) {
  if (visit.last <= now - days(30)) return null
  return visit.session.startsWith('shared') ? visit : { ...visit, items }
}
