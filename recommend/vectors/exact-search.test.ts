import test from 'ava'
import { ExactSearch } from './exact-search.ts'
import { made, pair, used, vectorSearchContract } from './vector-search-contract.ts'

vectorSearchContract(test, 'exact search', { start: nameOf => new ExactSearch(nameOf) })

test('ten thousand items that come and go leave no room behind', t => {
  const search = new ExactSearch(String)
  const vector = new Int8Array(128).fill(1)
  for (let item = 0; item < 10_000; item++) {
    search.put(item, { content: vector, behaviour: null, evidence: 0 })
    if (item >= 100) search.remove(item - 100)
  }
  t.is(search.count, 100)
  t.true(search.table.slots <= 101, `${search.table.slots}`)
  t.is(search.neighboursOf(9_999, 200).items.length, 99)
})

test('two servers that met the items in another order, under other numbers, give the same answers', t => {
  const one = new ExactSearch(item => `p${item}`)
  const other = new ExactSearch(item => `p${499 - item}`)
  const vectorOf = (n: number) => {
    const words = made(`word:${n % 20}`, `word:${n % 7}`)
    return n % 3 === 0 ? pair(words) : pair(words, used(`p${n}`, `p${(n * 7) % 500}`, `p${n % 11}`), (n % 10) / 10)
  }
  for (let n = 0; n < 500; n++) one.put(n, vectorOf(n))
  for (let n = 0; n < 500; n++) other.put(n, vectorOf(499 - n))
  for (let n = 0; n < 500; n++) {
    const [here, there] = [one.neighboursOf(n, 20), other.neighboursOf(499 - n, 20)]
    t.deepEqual(
      [...here.items].map(item => `p${item}`),
      [...there.items].map(item => `p${499 - item}`)
    )
    t.deepEqual(here.scores, there.scores)
  }
})
