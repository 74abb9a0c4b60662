import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import test from 'ava'
import { firstRow, rowItem, rowWords, sums } from '../session-index/evidence.ts'
import { field, recordWords } from '../session-index/item-records.ts'
import { fast } from '../session-index/parameters.ts'
import type { RunningSession } from '../session-index/running-session.ts'
import { SessionIndex } from '../session-index/session-index.ts'
import { Learner } from './learner.ts'
import { NextItems } from './next-items.ts'
import { hiddenUnits, part } from './weights.ts'

/** The reference scans neighbours this far either side of the match. */
const referenceWindow = 40

/**
 * Vectors of the reference program, over the first 30,000 events of the example data of Serenade (Apache-2.0, see
 * NOTICE): fast profile, learning on every third event from the 5,000th on.
 */

interface Vectors {
  items: number
  sessions: number
  counters: string
  rings: string
  learned_steps: number
  weights: { w: number[]; own: number[]; hidden_norm: number; v: number[]; b: number[] }
  queries: Query[]
}

interface Query {
  session: number
  items: number[]
  touched: number
  candidates: number
  T: number[]
  sums: string
  top: { item: number; a: number[]; score: number }[]
}

const warmUp = 5000
const vectors: Vectors = JSON.parse(gunzipSync(read('serenade-vectors.json.gz')).toString())
const replayed = replay()

test('counters and rings are those of the reference', t => {
  const { index } = replayed
  const { words } = index.items
  const counters = byId(index).map(item => {
    const at = item * recordWords
    return [
      index.ids.ids[item],
      words[at + field.clicks],
      index.items.sessions[item],
      words[at + field.repeats],
      words[at + field.revisits]
    ].join(' ')
  })
  t.is(index.ids.count, vectors.items)
  t.is(index.sessions.next, vectors.sessions)
  t.is(sha256(counters), vectors.counters)
  t.is(sha256(byId(index).map(item => `${index.ids.ids[item]} ${index.items.ringOf(item)}`)), vectors.rings)
})

test('the sums of every touched item are those of the reference, to the last bit', t => {
  const { index, next } = replayed
  for (const query of vectors.queries) {
    next.predict(runningOf(query))
    const { evidence, candidates } = next.gathering
    const rows = Array.from({ length: evidence.touched }, (_, i) => firstRow + i * rowWords)
    const order = rows.sort((a, b) => idAt(a) - idAt(b))
    function idAt(row: number): number {
      return Number(index.ids.ids[evidence.rows[row + rowItem]])
    }
    t.is(evidence.touched, query.touched)
    t.is(candidates.count, query.candidates)
    t.deepEqual([...candidates.totals], query.T)
    t.is(sha256(order.map(row => [idAt(row), ...evidence.rows.subarray(row, row + sums)].join(' '))), query.sums)
  }
})

test('what was learned is what the reference learned', t => {
  const { learner } = replayed
  const { w, own, hidden_norm, v, b } = vectors.weights
  t.is(learner.steps, vectors.learned_steps)
  const near = (offset: number, expected: number[]) =>
    expected.every((weight, i) => Math.abs(learner.weights[offset + i] - weight) < 1e-9)
  t.true(near(part.linear, w))
  t.true(near(part.own, own))
  t.true(near(part.output, v))
  t.true(near(part.bias, b))
  t.true(Math.abs(Math.hypot(...learner.weights.subarray(part.hidden, part.bias)) - hidden_norm) < 1e-9)
  t.is(v.length, hiddenUnits)
})

test('lists are those of the reference, scores within 1e-6', t => {
  const { index, next } = replayed
  for (const query of vectors.queries) {
    next.predict(runningOf(query))
    const count = next.rank(20)
    const list = Array.from(next.order.subarray(0, count), place => Number(index.ids.ids[next.itemAt(place)]))
    t.deepEqual(
      list,
      query.top.map(({ item }) => item)
    )
    for (const [i, { score }] of query.top.entries()) {
      t.true(Math.abs(next.scoreAt(next.order[i]) - score) < 1e-6 * Math.max(1, Math.abs(score)))
    }
  }
})

function replay() {
  const index = new SessionIndex({ ...fast, window: referenceWindow })
  const learner = new Learner()
  const next = new NextItems(index, learner.weights)
  makePopularWhenAsked(next)
  const open = new Map<string, RunningSession & { items: number[] }>()
  events().forEach(({ session: key, item: id, timeS }, e) => {
    let running = open.get(key)
    if (!running) {
      running = { items: [], count: 0, session: index.startSession(timeS), firstStep: 1 }
      open.set(key, running)
    }
    const item = index.itemOf(id)
    if (e >= warmUp && e % 3 === 0 && running.count > 0) {
      const count = next.predict(running)
      const target = next.placeOf(item)
      if (target >= 0) learner.learn(next.features, next.scorer, { count, target, weight: 1 })
    }
    running.items.push(item)
    running.count++
    index.observe(running.session, item, timeS)
  })
  return { index, learner, next, open }
}

/** As the reference does: when a question first needs it, and again 2,048 events later. Ours does not depend on questions. */
function makePopularWhenAsked(next: NextItems): void {
  const { popular } = next.index
  let askedAt = Number.NEGATIVE_INFINITY
  next.gathering.onFill = () => {
    if (next.index.events < askedAt + 2048) return
    askedAt = next.index.events
    popular.make()
    popular.nextAt = Number.POSITIVE_INFINITY
  }
  popular.nextAt = Number.POSITIVE_INFINITY
}

function runningOf({ session }: Query): RunningSession {
  return replayed.open.get(String(session))!
}

function events(): { session: string; item: string; timeS: number }[] {
  const lines = gunzipSync(read('serenade-30000.txt.gz')).toString().trim().split('\n').slice(1)
  return lines.map(line => {
    const [session, item, time] = line.split('\t')
    return { session, item, timeS: Number(time) }
  })
}

function byId(index: SessionIndex): number[] {
  return index.ids.ids.map((_, item) => item).sort((a, b) => Number(index.ids.ids[a]) - Number(index.ids.ids[b]))
}

function sha256(lines: string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex')
}

function read(name: string): Buffer {
  return readFileSync(new URL(`fixture/${name}`, import.meta.url))
}
