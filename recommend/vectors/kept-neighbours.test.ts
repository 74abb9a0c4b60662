import test from 'ava'
import fc from 'fast-check'
import { ExactSearch } from './exact-search.ts'
import { made, pair, used } from './vector-search-contract.ts'

const seed = 20261124
const itemsMax = 60

type Change = typeof change extends fc.Arbitrary<infer C> ? C : never

/** Few words, so that many are equally near. */
const change = fc.record({
  item: fc.nat({ max: itemsMax - 1 }),
  word: fc.nat({ max: 5 }),
  behaviour: fc.option(fc.nat({ max: 3 })),
  isRemoved: fc.boolean()
})
const step = fc.record({
  changes: fc.array(change, { maxLength: 12 }),
  asked: fc.nat({ max: itemsMax - 1 }),
  count: fc.integer({ min: 1, max: 12 })
})

function apply(search: ExactSearch, { item, word, behaviour, isRemoved }: Change): void {
  if (isRemoved) search.remove(item)
  else {
    const content = made(`word:${word}`, `word:${(word + 1) % 4}`)
    search.put(item, behaviour === null ? pair(content) : pair(content, used(`p${item}`, `p${behaviour}`), 0.4))
  }
}

test('a search that has kept its lists answers as one that is asked for the first time', t => {
  const start = Array.from({ length: itemsMax }, (_, item) => ({
    item,
    word: item % 6,
    behaviour: null,
    isRemoved: false
  }))
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 25, size: 'max' }), steps => {
      const search = new ExactSearch(item => `p${item}`)
      const all: Change[] = [...start]
      for (const one of start) apply(search, one)
      for (const { changes, asked, count } of steps) {
        for (const one of changes) apply(search, one)
        all.push(...changes)
        const fresh = new ExactSearch(item => `p${item}`)
        for (const one of all) apply(fresh, one)
        for (const item of [asked, 0, 1]) {
          const [here, there] = [search.neighboursOf(item, count), fresh.neighboursOf(item, count)]
          t.deepEqual(here.items, there.items)
          t.deepEqual(here.scores, there.scores)
        }
      }
    }),
    { seed, numRuns: 60 }
  )
})

test('more changes than are remembered, and more lists than are kept, change no answer', t => {
  const search = new ExactSearch(item => `p${item}`)
  const vectorOf = (n: number) => pair(made(`word:${n % 20}`, `word:${n % 7}`))
  for (let item = 0; item < 2_500; item++) search.put(item, vectorOf(item))
  for (let item = 0; item < 2_500; item++) search.neighboursOf(item, 2)
  for (let i = 0; i < 5_000; i++) search.put(i % 2_500, vectorOf((i * 31) % 997))
  const fresh = new ExactSearch(item => `p${item}`)
  for (let item = 0; item < 2_500; item++) fresh.put(item, vectorOf(((2_500 + item) * 31) % 997))
  for (const item of [0, 1, 999, 2_499]) t.deepEqual(search.neighboursOf(item, 20), fresh.neighboursOf(item, 20))
})
