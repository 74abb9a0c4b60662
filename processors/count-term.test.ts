import test from 'ava'
import { driveProcessor } from '../engine/testing/drive-processor.ts'
import type { TermId } from '../schemas/ids.ts'
import { countTerm } from './count-term.ts'

const word = 'word:tea' as TermId

function start() {
  const feed = driveProcessor(countTerm())
  return {
    feed,
    come: (item: string) => feed(word, { item, weight: 6, isGone: false }, 0),
    go: (item: string) => feed(word, { item, weight: 6, isGone: true }, 0)
  }
}
const levels = (told: ReturnType<ReturnType<typeof start>['come']>) =>
  told.map(({ key, value }) => [key, value.term?.level ?? null])

test('while few products have a term only the new one hears of it', t => {
  const { feed, come } = start()
  t.deepEqual(levels(come('a')), [['a', 0]] as never)
  feed.reload()
  t.deepEqual(levels(come('b')), [['b', 0]] as never)
  t.deepEqual(levels(come('c')), [['c', 0]] as never)
})

test('the fourth product makes it less rare for all four, and its going rarer again', t => {
  const { feed, come, go } = start()
  for (const item of ['a', 'b', 'c']) come(item)
  t.deepEqual(levels(come('d')).sort(), [
    ['a', 1],
    ['b', 1],
    ['c', 1],
    ['d', 1]
  ] as never)
  feed.reload()
  t.deepEqual(levels(go('a')).sort(), [
    ['a', null],
    ['b', 0],
    ['c', 0],
    ['d', 0]
  ] as never)
})

test('a product that says it again counts once', t => {
  const { come } = start()
  for (let i = 0; i < 9; i++) t.deepEqual(levels(come('a')), [['a', 0]] as never)
})

test('a term of 1,024 products stays common and lists nobody', t => {
  const { feed, come, go } = start()
  let told = 0
  for (let i = 0; i < 1_024; i++) told += come(`p${i}`).length
  t.true(told < 3 * 1_024, `${told}`)
  feed.reload()
  t.deepEqual(levels(go('p1')), [['p1', null]] as never)
  t.deepEqual(levels(come('new')), [['new', 5]] as never)
})

test('terms do not mix', t => {
  const { feed, come } = start()
  for (const item of ['a', 'b', 'c']) come(item)
  t.deepEqual(levels(feed('word:pot' as TermId, { item: 'd', weight: 6, isGone: false }, 0)), [['d', 0]] as never)
})
