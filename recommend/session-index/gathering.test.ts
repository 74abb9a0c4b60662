import test from 'ava'
import fc from 'fast-check'
import { firstRow, rowItem, rowWords, sum, sums } from './evidence.ts'
import { Gathering } from './gathering.ts'
import { fast, type RetrievalParameters } from './parameters.ts'
import { SessionIndex } from './session-index.ts'
import { StoredSession } from './stored-session.ts'

/**
 * Steps A to D again, slowly and from the raw sessions: what the specification says, without index, rings or scratch.
 * Session numbers are places in `sessions`; each has its items and the time of its last event.
 */
interface Raw {
  items: number[]
  times: number[]
}

const q = 16384
const fixed = (weight: number) => Math.round(q * weight)

function oracle(all: readonly Raw[], self: number, parameters: RetrievalParameters): Map<number, number[]> {
  const found = new Map<number, number[]>()
  const row = (item: number) => {
    if (!found.has(item)) found.set(item, new Array(sums).fill(0))
    return found.get(item)!
  }
  const running = all[self].items
  const stepOf = (item: number) => running.length - running.lastIndexOf(item)
  const own = [...new Set([...running].reverse())]
  own.forEach(row)
  const now = Math.max(...all.flatMap(({ times }) => times))
  for (const { session, similarity, seed } of nearest()) {
    const { items, times } = all[session]
    const step = stepOf(seed)
    const match = items.lastIndexOf(seed)
    const from = Math.max(0, match - parameters.window)
    const near = items.slice(from, match + parameters.window)
    const age = now - Math.max(...times)
    for (const item of new Set(near)) {
      row(item)[sum.neighbour] += Math.trunc(similarity / step)
      row(item)[sum.cosine] += Math.trunc(similarity / Math.sqrt(items.length))
      row(item)[sum.recent] += Math.trunc((8 * similarity) / (step * Math.sqrt(1 + age / parameters.recencyS)))
    }
    near.forEach((item, i) => {
      const distance = from + i - match
      const weight = Math.trunc((similarity * fixed(Math.exp(-Math.abs(distance) / parameters.distanceDecay))) / q)
      if (distance !== 0) row(item)[distance > 0 ? sum.after : sum.before] += weight
    })
  }
  for (const [rank, session] of ring(own[0], parameters.ruleSessions)) addRules(all[session].items, own[0], rank)
  if (own.length > 1) {
    for (const [, session] of ring(own[1], parameters.previousRuleSessions)) {
      forward(all[session].items, own[1], (item, d) => (row(item)[sum.previousRule] += fixed(1 / d)))
    }
  }
  return found

  /** The newest sessions of an item by their first event on it, with their place; the running one keeps its place. */
  function ring(item: number, max: number): [rank: number, session: number][] {
    const firsts = all.flatMap(({ items, times }, session) =>
      items.includes(item) ? [{ session, at: times[items.indexOf(item)] }] : []
    )
    const newest = firsts.sort((a, b) => b.at - a.at).slice(0, Math.min(max, parameters.ringSessions))
    return newest
      .map(({ session }, rank): [number, number] => [rank, session])
      .filter(([, session]) => session !== self)
  }

  function nearest() {
    const touched = new Map<number, { session: number; similarity: number; seed: number }>()
    for (const seed of own.slice(0, parameters.seedItems)) {
      const weight = Math.max(1, fixed(Math.exp(-(stepOf(seed) - 1) / parameters.positionDecay)))
      for (const [, session] of ring(seed, parameters.ringSessions)) {
        const one = touched.get(session) ?? { session, similarity: 0, seed }
        one.similarity += weight
        touched.set(session, one)
      }
    }
    const sorted = [...touched.values()].sort((a, b) => b.similarity - a.similarity || b.session - a.session)
    return sorted.slice(0, parameters.neighbours)
  }

  function forward(items: readonly number[], item: number, add: (next: number, d: number, at: number) => void): void {
    items.forEach((next, i) => {
      const earlier = i === 0 ? -1 : items.lastIndexOf(item, i - 1)
      if (earlier >= 0 && i - earlier <= 10) add(next, i - earlier, earlier)
    })
  }

  function addRules(items: readonly number[], item: number, rank: number): void {
    const fresh = fixed(Math.exp(-rank / parameters.rankDecay))
    const previous = running.length > 1 ? running[running.length - 2] : -1
    forward(items, item, (next, d, at) => {
      row(next)[sum.rule] += fixed(1 / d)
      row(next)[sum.recentRule] += Math.trunc((fixed(1 / d) * fresh) / q)
      if (d === 1) row(next)[sum.markov] += q
      if (d === 1 && at > 0 && items[at - 1] === previous) row(next)[sum.secondOrder] += q
    })
    items.forEach((earlier, i) => {
      const later = items.indexOf(item, i + 1)
      if (later >= 0 && later - i <= 10) row(earlier)[sum.reverse] += fixed(1 / (later - i))
    })
  }
}

test('the sums of neighbours and rules are those of a slow recomputation from the raw sessions', t => {
  const small = {
    ...fast,
    ringSessions: 6,
    neighbours: 5,
    ruleSessions: 4,
    previousRuleSessions: 3,
    seedItems: 3,
    window: 4,
    hopItems: 0
  }
  const visits = fc.array(fc.record({ session: fc.nat({ max: 5 }), item: fc.nat({ max: 9 }) }), {
    minLength: 2,
    maxLength: 150,
    size: 'max'
  })
  fc.assert(
    fc.property(visits, fc.constantFrom(small, { ...fast, hopItems: 0 }), (events, parameters) => {
      const index = new SessionIndex(parameters)
      const raw: Raw[] = []
      const numbers = new Map<number, number>()
      for (const [i, { session, item }] of events.entries()) {
        const timeS = 1000 + i * 97
        const number = numbers.get(session) ?? index.startSession(timeS)
        numbers.set(session, number)
        raw[number] ??= { items: [], times: [] }
        raw[number].items.push(index.itemOf(String(item)))
        raw[number].times.push(timeS)
        index.observe(number, index.itemOf(String(item)), timeS)
      }
      const gathering = new Gathering(index)
      return raw.every((_, session) => {
        gathering.gather(new StoredSession().read(index, session))
        const expected = oracle(raw, session, parameters)
        return isEqual(gathering, expected)
      })
    }),
    { seed: 20250815, numRuns: 60 }
  )
  t.pass()
})

/** Items that only popularity brought have no sums. */
function isEqual({ evidence }: Gathering, expected: Map<number, number[]>): boolean {
  for (let row = firstRow; row < evidence.used; row += rowWords) {
    const item = evidence.rows[row + rowItem]
    const found = [...evidence.rows.subarray(row, row + sums)]
    if (found.some((value, f) => value !== (expected.get(item)?.[f] ?? 0))) return false
  }
  return [...expected.keys()].every(item => evidence.find(item) >= 0)
}
