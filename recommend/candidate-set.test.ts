import test from 'ava'
import { CandidateSet, candidatesMax } from './candidate-set.ts'
import { source, sources } from './sources.ts'

const weights = (given: Partial<Record<(typeof sources)[number], number>>) =>
  Float64Array.from(sources, name => given[name] ?? 0)

test('evidence counts relative to the largest of its source, and the strongest seed is remembered', t => {
  const set = new CandidateSet()
  set.begin(10, () => true)
  set.add(source.co_viewed, 1, 0.2, 7)
  set.add(source.co_viewed, 1, 0.3, 8)
  set.add(source.co_viewed, 2, 0.25, 7)
  set.add(source.popular, 2, 100, -1)
  set.blend(weights({ co_viewed: 0.6, popular: 0.4 }))
  t.is(set.totals[set.find(1)], 0.6)
  t.is(set.totals[set.find(2)], 0.3 + 0.4)
  t.is(set.seedOf(set.find(1), source.co_viewed), 8)
  t.true(set.isOwn(set.find(2)))
})

test('asks the rules once about an item', t => {
  const set = new CandidateSet()
  let asked = 0
  set.begin(10, () => ++asked > 1)
  for (let i = 0; i < 3; i++) set.add(source.popular, 4, 1, -1)
  t.is(asked, 1)
  t.is(set.count, 0)
  t.is(set.find(4), -1)
})

test('holds so many candidates, and no more after it was closed', t => {
  const set = new CandidateSet()
  set.begin(5000, () => true)
  for (let item = 0; item < 5000; item++) set.add(source.popular, item, 1, -1)
  t.is(set.count, candidatesMax)
  set.begin(10, () => true)
  set.slotFor(3)
  set.close()
  set.add(source.popular, 3, 1, -1)
  set.add(source.popular, 4, 1, -1)
  t.is(set.count, 1)
})

test('nothing of an earlier answer is left, even after a million', t => {
  const set = new CandidateSet()
  const everything = () => true
  set.begin(10, everything)
  for (let item = 0; item < 10; item++) set.add(source.popular, item, 1, item)
  for (let answer = 0; answer < 1_100_000; answer++) {
    set.begin(10, everything)
    for (let item = 0; item < 10; item++) if (set.find(item) >= 0) t.fail(`answer ${answer}`)
  }
  set.add(source.popular, 5, 2, -1)
  t.is(set.evidence[source.popular], 2)
})
