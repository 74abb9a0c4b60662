import test from 'ava'
import { days } from '../engine/index.ts'
import { readNameIds } from '../engine/stores/name-ids.ts'
import { decay } from '../recommend/decay.ts'
import * as topics from '../schemas/topics.ts'
import { halfLives, type ItemFeatures, type SimilarItems } from '../schemas/views.ts'
import { allTopologies } from './index.ts'
import { differences, type RunOptions, run } from './testing/run.ts'
import { type Arrival, traffic } from './testing/traffic.ts'

const seed = Number(process.env.SEED ?? 31)
const { baskets, erasureRequests, erasures, identities, interactions, orders, sessions, userFeatures, users } = topics
const erased = 'u3'
const isNamed = /(?<![a-z0-9])u3(?![a-z0-9])/
/** Learned weights keep a trace until the next replay; vectors hear of a change weeks later. */
const others = ['erasures', 'blend', 'basket', 'item-vectors']
const views = Object.values(topics)
  .filter(topic => topic.kind === 'view')
  .filter(({ name }) => !others.includes(name))

for (const purchaseSource of ['orders', 'events'] as const) {
  const arrivals = traffic(seed, { purchaseEvents: true, isCalm: true })
  const last = Math.max(...arrivals.map(({ ts }) => ts))
  const { ids, without } = partedFrom(arrivals)
  const topologies = allTopologies({ purchaseSource })
  const forget = (options: RunOptions = {}) => run(topologies, [...arrivals, request(last)], options)

  test(`purchases from ${purchaseSource}: who is erased has never been, in any view (seed ${seed})`, t => {
    const never = run(topologies, without)
    for (const options of [{}, { unitRecords: 1 }, { unitRecords: 50, partitions: 4 }]) {
      const after = forget(options)
      for (const view of views.filter(({ equality }) => !('partitions' in options) || equality !== 'order')) {
        const rowsOf = (driver: typeof never) => timeless(view.name, driver.viewAll(view as any), last)
        t.deepEqual(
          differences(view as any, rowsOf(never), rowsOf(after)),
          [],
          `${view.name} ${JSON.stringify(options)}`
        )
      }
      t.deepEqual(after.deadLetters(), [])
      t.deepEqual([...after.viewAll(erasures).keys()], ['era_1'])
    }
  })

  test(`purchases from ${purchaseSource}: an erasure is done when all that is theirs is (seed ${seed})`, t => {
    const { found, done } = forget().view(erasures, 'era_1' as never) ?? {}
    t.true(ids.size > 1, 'sessions were linked')
    t.is(found, ids.size)
    t.is(done, ids.size)
  })

  test(`purchases from ${purchaseSource}: of state, only what keeps them out still names them (seed ${seed})`, t => {
    const { store } = forget({ unitRecords: 50 })
    const names = new Map([...readNameIds(store, 'store')].map(([name, id]) => [id, name]))
    const naming = new Set<string | undefined>()
    for (const [key, value] of store.range('state', { gte: Buffer.of(0), lt: Buffer.of(255), limit: 1_000_000 })) {
      if (isNamed.test(Buffer.concat([key.subarray(4), value]).latin1Slice()))
        naming.add(names.get(key.readUInt16BE(0)))
    }
    t.deepEqual([...naming].filter(name => !name?.endsWith('.timers')).sort(), [
      'admit-events.v1.admit-events.visitor',
      'admit-events.v1.attribute-acts.links',
      'admit-events.v1.cut-sessions.erasedNames',
      'person-baskets.v1.find-baskets.erasedUntil',
      'user-features.v1.fold-user.user'
    ])
  })

  test(`purchases from ${purchaseSource}: what comes late, twice or again does not bring them back (seed ${seed})`, t => {
    const again = forget()
    // The shop's row of the user is the shop's: when it comes again it says again what they consent to.
    const theirs = arrivals.filter(arrival => !without.includes(arrival) && arrival.topic !== users)
    const isRead = new Set(again.log.topics().map(({ name }) => name))
    for (const { topic, key, value, ts } of theirs) {
      if (isRead.has(topic.name)) again.append(topic, key as never, value, ts)
    }
    again.commit()
    for (const view of [identities, sessions, userFeatures]) {
      for (const id of ids) t.is(again.view(view as any, id as never), undefined, `${view.name} ${id}`)
    }
    t.deepEqual(
      [...again.viewAll(baskets).values()].filter(({ person }) => ids.has(person)),
      []
    )
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

/** By plain looking: their ids, and the traffic as it would be if they had never come. */
function partedFrom(arrivals: readonly Arrival[]): { ids: Set<string>; without: Arrival[] } {
  const ids = new Set([erased])
  const orderIds = new Set<string>()
  for (const { topic, key, value } of arrivals) {
    if (value?.user_id !== erased) continue
    if (topic === interactions && value.session_id !== null) ids.add(value.session_id)
    if (topic === orders) orderIds.add(key)
  }
  const isTheirs = ({ key, value }: Arrival) => ids.has(key) || orderIds.has(key) || ids.has(value?.user_id)
  return { ids, without: arrivals.filter(arrival => !isTheirs(arrival)) }
}

/** Sums decayed to one time; without times at which an item was first or last heard of, which nobody's sum is made of. */
function timeless(view: string, rows: Map<string, any>, now: number): Map<string, any> {
  if (view === topics.itemFeatures.name) return mapped(rows, row => featuresAt(row, now))
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
