import test from 'ava'
import { copyIndex, copyUnitsMax, type IndexCopy, wordSections } from './index-copy.ts'
import { recordWords } from './item-records.ts'
import { fast } from './parameters.ts'
import { SessionIndex } from './session-index.ts'

const sessions = 60_000

/** 300,000 events of 60,000 sessions, the oldest of which are gone. */
function largeIndex(): SessionIndex {
  const index = new SessionIndex(fast)
  for (let session = 0; session < sessions; session++) {
    const number = index.startSession(session)
    for (let i = 0; i < 5; i++) index.observe(number, index.itemOf(`i${(session * 31 + i * i) % 50_000}`), session)
  }
  for (let session = 0; session < 10_000; session++) index.sessions.empty(session)
  return index
}

function copied(index: SessionIndex, open: Iterable<readonly [string, number]>): { turns: number[]; copy: IndexCopy } {
  const turns: number[] = []
  const copying = copyIndex(index, open)
  let step = copying.next()
  for (; !step.done; step = copying.next()) turns.push(step.value)
  return { turns, copy: step.value }
}

const joined = (pieces: readonly Int32Array[]) => Int32Array.from(pieces.flatMap(piece => [...piece]))

test('no turn does more than its bound of work, and every piece has a turn of its own', t => {
  const index = largeIndex()
  const open = new Map(Array.from({ length: 20_000 }, (_, i) => [`s${i}`, i]))
  const { turns, copy } = copied(index, open)
  t.true(Math.max(...turns) <= copyUnitsMax)
  const pieces = wordSections.flatMap(section => copy.words[section])
  t.true(pieces.every(({ length }) => length <= copyUnitsMax))
  t.true(copy.words.records.length > 1, 'some sections take several turns')
  const entryTurns = turns.length - pieces.length
  t.is(entryTurns, 2, '20,000 entries take two whole turns, and the rest of one')
  t.is(copy.open.length, 20_000)
})

test('a copy has everything the index has, free slices included', t => {
  const index = largeIndex()
  const { copy } = copied(index, [])
  const { items, sessions: log } = index
  t.deepEqual(joined(copy.words.records), items.words.slice(0, items.count * recordWords))
  t.deepEqual(joined(copy.words.counts), items.sessions.slice(0, items.count))
  t.deepEqual(joined(copy.words.heads), log.heads.slice(0, log.words))
  t.deepEqual(joined(copy.words.log), log.slices.words.slice(0, log.slices.used))
  t.deepEqual(joined(copy.words.rings), items.rings.words.slice(0, items.rings.used))
  t.deepEqual([...joined(copy.words.freeSlices)], log.slices.free.flat())
  t.deepEqual([...joined(copy.words.freeRings)], items.rings.free.flat())
  t.true(log.slices.free.flat().length >= 10_000)
})
