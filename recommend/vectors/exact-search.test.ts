import test from 'ava'
import { ExactSearch } from './exact-search.ts'
import { vectorSearchContract } from './vector-search-contract.ts'

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
