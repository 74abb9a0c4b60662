import test from 'ava'
import fc from 'fast-check'
import { NextItems } from '../blend/next-items.ts'
import { SessionLearner } from '../blend/session-learner.ts'
import { weightCount } from '../blend/weights.ts'
import { eraseSession, expireSessions } from './erase-session.ts'
import { firstRow, rowItem, rowWords, sums } from './evidence.ts'
import { saveIndex } from './index-snapshot.ts'
import { ItemRebuild } from './item-rebuild.ts'
import { field, recordFloats, recordWords } from './item-records.ts'
import { loadIndex } from './load-index.ts'
import { fast } from './parameters.ts'
import { SessionIndex } from './session-index.ts'
import { StoredSession } from './stored-session.ts'

interface Event {
  session: number
  item: number
  time: number
}

const seed = 20250815
/** Small bounds, so that rings overflow and sessions fill up. */
const tight = { ...fast, ringSessions: 5, sessionEventsMax: 12, neighbours: 4, candidates: 10, ownCandidates: 3 }
const events = (max: number) =>
  fc.array(
    fc.record({ session: fc.nat({ max: 12 }), item: fc.nat({ max: 15 }), time: fc.integer({ min: 1, max: 400_000 }) }),
    { minLength: 1, maxLength: max, size: 'max' }
  )

/** Feeds events in their order; sessions and items get numbers at their first event. */
function fed(list: readonly Event[], index = new SessionIndex(fast)) {
  const sessions = new Map<number, number>()
  for (const { session, item, time } of list) {
    const number = sessions.get(session) ?? index.startSession(time)
    sessions.set(session, number)
    index.observe(number, index.itemOf(`i${item}`), time)
  }
  return { index, sessions }
}

function observeAll(
  rebuild: ItemRebuild,
  { list, index, sessions }: { list: readonly Event[] } & ReturnType<typeof fed>
): void {
  const lengths = new Map<number, number>()
  for (const { session, item, time } of list) {
    const place = Math.min(lengths.get(session) ?? 0, index.parameters.sessionEventsMax)
    lengths.set(session, place + 1)
    rebuild.observe({ session: sessions.get(session)!, place, item: index.find(`i${item}`), timeS: time })
  }
  for (const _ of rebuild.finish());
}

function inOrder(list: readonly Event[]): Event[] {
  return [...list].sort((a, b) => a.time - b.time)
}

/** Every sum of every touched item, by id. */
function sumsFor(index: SessionIndex, session: number): Record<string, number[]> {
  const next = new NextItems(index)
  next.predict(new StoredSession().read(index, session))
  const { rows, used } = next.gathering.evidence
  const found: Record<string, number[]> = {}
  for (let row = firstRow; row < used; row += rowWords) {
    found[index.ids.ids[rows[row + rowItem]]] = [...rows.subarray(row, row + sums)]
  }
  return found
}

function listFor(index: SessionIndex, session: number): { id: string; score: number }[] {
  const next = new NextItems(index)
  next.predict(new StoredSession().read(index, session))
  const count = next.rank(20)
  return Array.from(next.order.subarray(0, count), place => ({
    id: index.ids.ids[next.itemAt(place)],
    score: next.scoreAt(place)
  }))
}

test('whatever the order of arrival, every list is made of numbers', t => {
  fc.assert(
    fc.property(events(120), list => {
      const { index, sessions } = fed(list, new SessionIndex(tight))
      for (const session of sessions.values()) {
        for (const { score } of listFor(index, session)) if (!Number.isFinite(score)) return false
      }
      return true
    }),
    { seed, numRuns: 40 }
  )
  t.pass()
})

test('counters and decayed popularity do not depend on the order of arrival', t => {
  fc.assert(
    fc.property(events(80), list => {
      const late = fed(list)
      const early = fed(inOrder(list))
      for (const id of early.index.ids.ids) {
        const [a, b] = [early.index.find(id), late.index.find(id)]
        const [first, second] = [early.index.items, late.index.items]
        if (first.words[a * recordWords + field.clicks] !== second.words[b * recordWords + field.clicks]) return false
        for (let h = 0; h < 4; h++) {
          const expected = first.floats[a * recordFloats + h]
          if (Math.abs(second.floats[b * recordFloats + h] - expected) > 1e-9 * Math.max(1, expected)) return false
        }
      }
      return true
    }),
    { seed, numRuns: 40 }
  )
  t.pass()
})

for (const [name, parameters] of Object.entries({ 'with rings that overflow': tight, 'with room': fast })) {
  test(`erasing a session leaves what a replay without it leaves, ${name}`, t => {
    fc.assert(
      fc.property(events(150), fc.nat({ max: 12 }), (unordered, erased) => {
        const list = inOrder(unordered)
        const { index, sessions } = fed(list, new SessionIndex(parameters))
        const others = list.filter(({ session }) => session !== erased)
        if (!sessions.has(erased) || others.length === 0) return true
        const logged = list
          .filter(({ session }) => session === erased)
          .map(({ item, time }) => ({ item: index.find(`i${item}`), timeS: time }))
        const rebuild = new ItemRebuild(index, eraseSession(index, sessions.get(erased)!, logged))
        observeAll(rebuild, { list, index, sessions })
        const without = fed(others, new SessionIndex(parameters))
        index.now = without.index.now
        for (const one of [index, without.index]) one.popular.make()
        if (index.clicks !== without.index.clicks || index.sessions.live !== without.index.sessions.live) return false
        return [...without.sessions].every(([session, number]) =>
          isSame(index, sessions.get(session)!, { index: without.index, session: number })
        )
      }),
      { seed, numRuns: 40 }
    )
    t.pass()
  })
}

/** Sums to the bit, lists in the same order, scores within 1e-9; an item that only the erased session knew may be listed as one without any evidence. */
function isSame(index: SessionIndex, session: number, expected: { index: SessionIndex; session: number }): boolean {
  const isKnown = (id: string) => expected.index.find(id) >= 0
  const sums = Object.entries(sumsFor(index, session)).filter(([id]) => isKnown(id))
  const wantedSums = sorted(sumsFor(expected.index, expected.session))
  if (JSON.stringify(sorted(Object.fromEntries(sums))) !== JSON.stringify(wantedSums)) return false
  const shown = listFor(index, session).filter(({ id }) => isKnown(id))
  const wanted = listFor(expected.index, expected.session)
  return wanted.every(({ id, score }, i) => shown[i]?.id === id && Math.abs(shown[i].score - score) < 1e-9)
}

test('a ring that had cut older sessions off is filled again from the log of events', t => {
  const list = Array.from({ length: 9 }, (_, session) => ({ session, item: 1, time: session + 1 }))
  const { index, sessions } = fed(list, new SessionIndex(tight))
  const cut = eraseSession(index, sessions.get(8)!, [{ item: index.find('i1'), timeS: 9 }])
  t.deepEqual(cut, [index.find('i1')])
  const rebuild = new ItemRebuild(index, cut)
  observeAll(rebuild, { list, index, sessions })
  t.deepEqual(index.items.ringOf(index.find('i1')), [3, 4, 5, 6, 7])
})

test('a snapshot that was loaded goes on as the index it was taken of', t => {
  fc.assert(
    fc.property(events(100), events(40), (before, after) => {
      const { index, sessions } = fed(inOrder(before), new SessionIndex(tight))
      const bytes = joined(saveIndex(index, { offset: 77, source: 'a', open: [['v', 3]] }))
      const loaded = loadIndex(bytes, tight)
      for (const { session, item, time } of after) {
        const number = sessions.get(session)
        if (number === undefined) continue
        for (const one of [index, loaded.index]) one.observe(number, one.itemOf(`i${item}`), time)
      }
      for (const number of sessions.values()) {
        if (JSON.stringify(listFor(index, number)) !== JSON.stringify(listFor(loaded.index, number))) return false
      }
      return (
        loaded.offset === 77 &&
        Buffer.compare(joined(saveIndex(index, { offset: 0 })), joined(saveIndex(loaded.index, { offset: 0 }))) === 0
      )
    }),
    { seed, numRuns: 40 }
  )
  t.pass()
})

test('a snapshot that is damaged, cut off or of other parameters is refused', t => {
  const { index } = fed([{ session: 1, item: 1, time: 1 }])
  const bytes = joined(saveIndex(index, { offset: 0 }))
  const damaged = bytes.slice()
  damaged[damaged.length - 9] ^= 1
  for (const [name, load] of Object.entries({
    damaged: () => loadIndex(damaged, fast),
    short: () => loadIndex(bytes.subarray(0, 40), fast),
    empty: () => loadIndex(new Uint8Array(3), fast),
    other: () => loadIndex(bytes, tight)
  })) {
    t.like(t.throws(load, undefined, name), { code: 'snapshot_unusable', remedy: 'restore' }, name)
  }
})

test('what falls out of the horizon is forgotten, and its memory used again', t => {
  const index = new SessionIndex(tight, { ageMaxS: 1000, clicksMax: 300 })
  let largest = 0
  for (let session = 0; session < 5000; session++) {
    const number = index.startSession(session * 10)
    for (let i = 0; i < 6; i++) index.observe(number, index.itemOf(`i${(session * 7 + i * i) % 40}`), session * 10)
    expireSessions(index)
    largest = Math.max(largest, index.bytes().total)
  }
  t.true(index.clicks <= 300)
  t.true(largest < 80_000, `${largest} bytes`)
  t.is(index.sessions.lengthOf(10), 0)
  const counted = index.ids.ids.reduce((sum, _, item) => sum + index.items.words[item * recordWords + field.clicks], 0)
  t.is(counted, index.clicks)
})

test('a session is found again by the offset it started at', t => {
  const index = new SessionIndex()
  const numbers = [5, 9, 30].map(offset => index.startSession(100, offset))
  t.deepEqual(
    [5, 9, 30].map(offset => index.sessions.startedAt(offset)),
    numbers
  )
  t.is(index.sessions.startedAt(10), -1)
})

test('a session that is full, and one as long as a day, stay within their bounds', t => {
  const index = new SessionIndex(tight)
  const session = index.startSession(1)
  for (let i = 0; i < 500; i++) index.observe(session, index.itemOf(`i${i % 30}`), i)
  t.is(index.sessions.lengthOf(session), tight.sessionEventsMax)
  t.is(index.clicks, 500)
  t.true(listFor(index, session).length > 0)
})

test('an unknown item, and a session of nothing, get the popular items', t => {
  const { index } = fed([1, 1, 1, 2, 2, 3].map((item, session) => ({ session, item, time: 10 })))
  const next = new NextItems(index)
  next.predict({ items: [], count: 0, session: -1, firstStep: 1 })
  const count = next.rank(20)
  t.deepEqual(
    Array.from(next.order.subarray(0, count), place => index.ids.ids[next.itemAt(place)]),
    ['i1', 'i2', 'i3']
  )
})

test('a session that only stands in, from the third step on, has no current item', t => {
  const { index } = fed([1, 2, 1, 3, 1, 2].map((item, i) => ({ session: i >> 1, item, time: i })))
  const next = new NextItems(index)
  next.predict({ items: [index.find('i1')], count: 1, session: -1, firstStep: 3 })
  t.true(next.rank(5) > 1)
  t.true(Array.from({ length: next.count }, (_, place) => next.scoreAt(place)).every(Number.isFinite))
})

test('events of different order, types and lateness leave finite weights; late ones teach nothing', t => {
  const index = new SessionIndex(tight)
  const learner = new SessionLearner(index, { oneIn: 1 })
  const session = index.startSession(1000)
  for (const item of ['a', 'b', 'a']) index.observe(session, index.itemOf(item), 1000)
  const event = { session, item: index.itemOf('b'), timeS: 1010, offset: 0, weight: 3 }
  t.false(learner.learn({ ...event, timeS: 900 }))
  t.true(learner.learn(event))
  t.true(learner.learner.weights.every(Number.isFinite))
})

test('a gradient that is not finite is skipped and counted', t => {
  const index = new SessionIndex(tight)
  const learner = new SessionLearner(index, { oneIn: 1 })
  const session = index.startSession(1)
  for (const item of ['a', 'b', 'a']) index.observe(session, index.itemOf(item), 1)
  index.items.floats.fill(Number.NaN, 0, recordFloats)
  learner.learner.weights.fill(Number.NaN, weightCount - 1)
  learner.learn({ session, item: index.itemOf('b'), timeS: 2, offset: 0, weight: 1 })
  t.is(learner.learner.skipped, 1)
  t.false(Number.isFinite(learner.learner.weights[weightCount - 1]))
  t.false(learner.serving().isNewest)
  t.true(learner.serving().weights.every(Number.isFinite))
})

function sorted<T>(record: Record<string, T>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}
