import test from 'ava'
import fc from 'fast-check'
import { EmbeddedLog } from '../../engine/log/embedded-log.ts'
import type { RecordBatch } from '../../engine/log/log.ts'
import type { TaskReader } from '../../engine/ports/cluster.ts'
import { MemoryStore } from '../../engine/stores/memory-store.ts'
import { Catalog } from '../../recommend/catalog.ts'
import { field, recordFloats, recordWords } from '../../recommend/session-index/item-records.ts'
import { fast, type RetrievalParameters } from '../../recommend/session-index/parameters.ts'
import { VisitIndex } from '../../recommend/visit-index.ts'
import { type SessionErasure, type SessionStep, sessionErasure } from '../../schemas/session-step.ts'
import { sessionSteps } from '../../schemas/topics.ts'
import { rereadSteps } from '../kafka/reread-steps.ts'
import { CountedSteps } from './counted-steps.ts'
import { ErasingVisits, type RereadSteps } from './erasing-visits.ts'
import { FollowedAnswers } from './followed-answers.ts'
import { rereadLog } from './reread-log.ts'
import { StepTail } from './step-tail.ts'

const seed = Number(process.env.SEED ?? Date.now() & 0x7fff)
const { name } = sessionSteps
/** Rings of five: most of them overflow. */
const tight: RetrievalParameters = { ...fast, ringSessions: 5, sessionEventsMax: 6 }

interface Started {
  parameters: RetrievalParameters
  partBytes?: number
  /** First offset that the topic still has when it is read again. */
  startOffset?: number
  /** What reads the topic again, over `rereadLog`. */
  rereading?: (reread: RereadSteps) => RereadSteps
  onErased?: () => Promise<void>
}

async function started({ parameters, partBytes, startOffset = 0, rereading = reread => reread, onErased }: Started) {
  const log = new EmbeddedLog(new MemoryStore())
  await log.ensureTopics([{ name, partitions: 1, cleanup: 'delete', recordBytesMax: 1 << 20 }])
  const visits = new VisitIndex(new Catalog(), parameters)
  const forgotten: string[] = []
  const steps = new CountedSteps({
    visits,
    followed: new FollowedAnswers(() => {}),
    forget: (...ids) => void forgotten.push(ids.join(' '))
  })
  const snapshots: number[] = []
  const shortened: Pick<EmbeddedLog, 'read' | 'startOffset'> = {
    read: (...from) => log.read(...from),
    startOffset: () => startOffset
  }
  steps.onErasure = (erasure, offset) => erasing.add(erasure, offset)
  const tail = new StepTail({ log, steps, onCaughtUp: () => erasing.start() })
  const erasing: ErasingVisits = new ErasingVisits({
    visits,
    reread: rereading(to => rereadLog(shortened, to, partBytes)),
    retryMs: 1,
    tail,
    onErased: onErased ?? (async () => void snapshots.push(visits.nextOffset)),
    say: () => {}
  })
  const append = (records: readonly (SessionStep | SessionErasure)[]) => {
    const encoded = records.map(one => ({ key: one.session, value: sessionSteps.value.encode(one), timestamp: one.ts }))
    void log.append(name, encoded)
    tail.poke()
  }
  const done = async () => {
    while (erasing.forgottenTo < log.endOffset(name, 0)) await new Promise(resolve => setImmediate(resolve))
  }
  return { visits, erasing, append, done, forgotten, snapshots }
}

type Visitor = [user: string | null, session: string]

function step([user_id, session_id]: Visitor, product_id: string, ts: number, position: number): SessionStep {
  const session = `${session_id}#${user_id ?? ''}`
  const rest = { event_type: 'view' as const, order_id: null, recommendation_id: null }
  return { session, session_id, user_id, product_id, ts, position, ...rest }
}

/** Ann in two sessions, in one of them after she was anonymous; Bob in one of hers; strangers. */
const visitors: Visitor[] = [
  ['ann', 's1'],
  ['ann', 's2'],
  ['bob', 's1'],
  ['bob', 's3'],
  [null, 's2'],
  [null, 's4'],
  [null, 's5'],
  [null, 's6']
]
const isAnns = ({ session }: SessionStep) => ['s1#ann', 's2#ann', 's2#'].includes(session)

const traffic = fc
  .array(fc.record({ who: fc.nat(visitors.length - 1), item: fc.nat(9), late: fc.nat(3) }), { maxLength: 120 })
  .map(acts => {
    const positions = new Map<number, number>()
    return acts.map(({ who, item, late }, i) => {
      const position = positions.get(who) ?? 0
      positions.set(who, position + 1)
      return step(visitors[who], `p${item}`, (1_000_000 + i * 20 - late * 30) * 1000, position)
    })
  })

const erasures = ['s1', 's2', 'ann'].map(id => sessionErasure(id, 'ann', 'era_1', 2_000_000_000))

/** What the index says of each item: counters, popularity, and the sessions that contain it, as they went. */
function stateOf({ feed: { index } }: VisitIndex) {
  const { items, sessions, ids } = index
  const idOf = (session: number, i: number) => ids.ids[sessions.itemAt(session, i)]
  const rows = ids.ids.map((id, item) => {
    const [words, floats] = [item * recordWords, item * recordFloats]
    const counters = [field.clicks, field.repeats, field.revisits].map(at => items.words[words + at])
    const ring = items
      .ringOf(item)
      .map(session => Array.from({ length: sessions.lengthOf(session) }, (_, i) => idOf(session, i)).join(' '))
      .filter(items => items !== '')
    const popularity = Array.from(items.floats.subarray(floats, floats + 4))
    return { id, counters, ring, popularity, sessions: items.sessions[item], time: items.words[words + field.time] }
  })
  return { live: sessions.live, clicks: index.clicks, rows: rows.filter(({ counters }) => counters[0] > 0) }
}

type State = ReturnType<typeof stateOf>

function isSame(one: State, other: State): boolean {
  const texts = (state: State) =>
    JSON.stringify([state.live, state.clicks, state.rows.map(({ popularity: _, ...row }) => row).sort(byId)])
  const sums = (state: State) => state.rows.sort(byId).flatMap(({ popularity }) => popularity)
  const wanted = sums(other)
  return texts(one) === texts(other) && sums(one).every((sum, i) => Math.abs(sum - wanted[i]) < 1e-9)
}

const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)

for (const [what, parameters] of Object.entries({ 'with rings that overflow': tight, 'with room': fast })) {
  test(`an erasure on the topic leaves the index that there would be without the person, ${what} (seed ${seed})`, async t => {
    await fc.assert(
      fc.asyncProperty(
        traffic,
        fc.nat(120),
        fc.integer({ min: 100, max: 2_000 }),
        async (steps, meanwhile, partBytes) => {
          // Somebody else goes on while the topic is read again: after every part of it, the first time and the second.
          const others = steps.slice(0, meanwhile).map(one => ({ ...one, session: `x${one.session}`, session_id: 'x' }))
          let left = others
          const appendsBetween = (reread: RereadSteps): RereadSteps =>
            async function* (to) {
              for await (const part of reread(to)) {
                yield part
                whole.append(left.slice(0, 3))
                left = left.slice(3)
              }
            }
          const whole = await started({ parameters, partBytes, rereading: appendsBetween })
          const without = await started({ parameters })
          whole.append(steps.slice(meanwhile))
          whole.append(erasures)
          await whole.done()
          without.append(steps.slice(meanwhile).filter(one => !isAnns(one)))
          without.append(others.slice(0, others.length - left.length))
          return isSame(stateOf(whole.visits), stateOf(without.visits))
        }
      ),
      { seed, numRuns: 60 }
    )
    t.pass()
  })
}

test('an erasure says how many visits it took, writes a snapshot once, and has what is remembered elsewhere forgotten', async t => {
  const { erasing, append, done, forgotten, snapshots } = await started({ parameters: fast })
  append([step(['ann', 's1'], 'p1', 1e12, 0), step(['bob', 's1'], 'p1', 1e12, 0), step([null, 's2'], 'p2', 1e12, 0)])
  append(erasures.map(one => ({ ...one, ts: 2e12 })))
  t.true(erasing.isErasing)
  t.is(erasing.erased('era_1'), undefined)
  await done()
  t.false(erasing.isErasing)
  t.is(erasing.erased('era_1'), 2)
  t.deepEqual(snapshots, [6])
  t.deepEqual(forgotten, ['ann s1', 'ann s2', 'ann ann'])
})

test('what is forgotten stays so when more erasures than are remembered have followed, and while newer ones are carried out', async t => {
  const { erasing, append, done } = await started({ parameters: fast })
  append([step(['ann', 's1'], 'p1', 1000, 0), erasures[0]])
  await done()
  t.is(erasing.forgottenTo, 2)
  append(Array.from({ length: 1_001 }, (_, i) => sessionErasure('s9', 'eve', `era_x${i}`, 2e12)))
  t.is(erasing.forgottenTo, 2)
  t.true(erasing.isErasing)
  await done()
  t.is(erasing.erased('era_1'), undefined)
  t.is(erasing.forgottenTo, 1_003)
})

test('an erasure of which the snapshot cannot be rewritten is not over, and is carried out again', async t => {
  let attempts = 0
  const { erasing, append, done } = await started({
    parameters: fast,
    onErased: async () => {
      t.is(erasing.forgottenTo, 1)
      if (++attempts === 1) throw new TypeError('no room')
    }
  })
  append([step(['ann', 's1'], 'p1', 1000, 0), erasures[0]])
  await done()
  t.is(attempts, 2)
})

test('visits that began after the erasure stay', async t => {
  const { visits, append, done } = await started({ parameters: fast })
  append([step(['ann', 's1'], 'p1', 3e12, 0), ...erasures])
  await done()
  t.is(visits.feed.index.clicks, 1)
})

test('where the topic cannot be read the second time, what is left of the items is made when it can', async t => {
  let reads = 0
  const failsOnce = (reread: RereadSteps): RereadSteps => {
    return to => {
      if (++reads === 2) throw new TypeError('away')
      return reread(to)
    }
  }
  const steps = Array.from({ length: 9 }, (_, i) => step([i === 8 ? 'ann' : null, `s${i}`], 'p1', (i + 1) * 1000, 0))
  const asked = sessionErasure('s8', 'ann', 'era_1', 2e12)
  const [erased, without] = [
    await started({ parameters: tight, rereading: failsOnce }),
    await started({ parameters: tight })
  ]
  erased.append([...steps, asked])
  without.append(steps.slice(0, 8))
  await erased.done()
  t.is(reads, 4)
  t.is(stateOf(without.visits).rows[0].ring.length, 5)
  t.true(isSame(stateOf(erased.visits), stateOf(without.visits)))
  t.is(erased.erasing.erased('era_1'), 1)
})

test('visits of which the topic has no first step any more are gone with an erasure, whosever they were', async t => {
  const steps = [
    step(['ann', 's1'], 'p1', 1000, 0),
    step(['ann', 's1'], 'p2', 2000, 1),
    step([null, 's4'], 'p1', 3000, 0)
  ]
  for (const [startOffset, left] of [
    [0, 1],
    [1, 1],
    [3, 0],
    [9, 0]
  ]) {
    const { visits, append, done } = await started({ parameters: fast, startOffset })
    append([...steps, erasures[0]])
    await done()
    t.is(visits.feed.index.clicks, left, `from ${startOffset}`)
  }
})

test('a part of the topic without records says nothing of where it begins', async t => {
  const withGap = (reread: RereadSteps): RereadSteps =>
    async function* (to) {
      for await (const part of reread(to)) {
        yield { ...part, count: 0, nextOffset: 0, offset: () => Number.NaN } as RecordBatch
        yield part
      }
    }
  const { visits, append, done } = await started({ parameters: fast, rereading: withGap })
  append([step([null, 's4'], 'p1', 1000, 0), step(['ann', 's1'], 'p1', 2000, 0), erasures[0]])
  await done()
  t.is(visits.feed.index.clicks, 1)
})

test('an erasure of many visits takes them out in turns, and what comes meanwhile is taken after them', async t => {
  const open = () => started({ parameters: tight })
  const [whole, without, unerased] = [await open(), await open(), await open()]
  const visit = (name: string, item: number, second: number) => step([null, name], `p${item}`, second * 1000, 0)
  const before = Array.from({ length: 3_000 }, (_, i) => visit(`before${i}`, i % 600, i))
  const anns = Array.from({ length: 2_000 }, (_, i) => ({ ...visit('s1', i % 600, 4_000 + i), session: `s1#${i}` }))
  // On items that are made again last.
  const meanwhile = Array.from({ length: 3_000 }, (_, i) => visit(`other${i}`, 512 + (i % 88), 9_000 + i))
  whole.append([...before, ...anns])
  while (whole.visits.nextOffset < 5_000) await new Promise(resolve => setImmediate(resolve))
  whole.append([erasures[0]])
  let turns = 0
  for (let i = 0; i < meanwhile.length; i += 20) {
    whole.append(meanwhile.slice(i, i + 20))
    await new Promise(resolve => setImmediate(resolve))
    if (whole.erasing.isErasing) turns++
  }
  await whole.done()
  without.append([...before, ...meanwhile])
  await without.done()
  unerased.append([...before, ...anns, ...meanwhile])
  await unerased.done()
  t.true(turns > 10, `${turns}`)
  t.true(isSame(stateOf(whole.visits), stateOf(without.visits)))
  const { popular } = whole.visits.feed.index
  t.is(popular.nextAt, unerased.visits.feed.index.popular.nextAt, 'made with the same events as elsewhere')
})

test('closing does not wait for a topic that is away', async t => {
  const reader = {
    seek: () => {},
    state: () => null,
    read: () => null,
    arrived: () => new Promise<void>(() => {}),
    close: () => {}
  }
  const visits = new VisitIndex(new Catalog())
  const erasing = new ErasingVisits({
    visits,
    reread: to => rereadSteps({ topic: name, open: () => reader as unknown as TaskReader, start: async () => 0 }, to),
    tail: { position: 0, hold: () => {}, release: () => {} },
    onErased: async () => t.fail(),
    say: () => {}
  })
  erasing.add(erasures[0], 7)
  erasing.start()
  await new Promise(resolve => setTimeout(resolve, 10))
  const started = performance.now()
  await erasing.close()
  t.true(performance.now() - started < 2_000)
  t.true(erasing.isErasing)
})

test('where the topic cannot be read now, the erasure waits', async t => {
  const visits = new VisitIndex(new Catalog())
  const said: string[] = []
  const erasing = new ErasingVisits({
    visits,
    reread: () => {
      throw new TypeError('away')
    },
    tail: { position: 0, hold: () => {}, release: () => {} },
    onErased: async () => t.fail(),
    say: line => said.push(line)
  })
  erasing.add(erasures[0], 0)
  erasing.start()
  await new Promise(resolve => setImmediate(resolve))
  t.true(erasing.isErasing)
  t.regex(said[0], /could not be carried out/)
  const started = performance.now()
  await erasing.close()
  t.true(performance.now() - started < 2_000, 'closing does not wait for the next attempt')
})
