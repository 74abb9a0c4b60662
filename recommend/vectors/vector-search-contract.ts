import type { TestFn } from 'ava'
import { behaviourVector } from './behaviour-vector.ts'
import { contentVector } from './content-vector.ts'
import type { VectorSearch } from './vector-search.ts'
import type { VectorPair } from './vector-table.ts'

/** Content of items with these words. */
export const made = (...words: string[]) => contentVector(words.map(name => ({ name, weight: 6, level: 0 })))
export const used = (item: string, ...others: string[]) =>
  behaviourVector(
    item,
    others.map(product_id => ({ product_id, score: 0.5 }))
  )
export const pair = (content: Int8Array | null, behaviour: Int8Array | null = null, evidence = 0): VectorPair => ({
  content,
  behaviour,
  evidence
})

/** What every search by vectors keeps to. `start` gives an empty one over the names; `ready` waits until it is at its best. */
export function vectorSearchContract(
  test: TestFn,
  name: string,
  {
    start,
    ready = async () => {}
  }: { start: (nameOf: (item: number) => string) => VectorSearch; ready?: (search: VectorSearch) => Promise<void> }
): void {
  const names = ['tea', 'teapot', 'cup', 'saw', 'drill', 'nail', 'screw', 'glue']
  const started = () => start(item => names[item])
  const near = (search: VectorSearch, item: number, count = 3) =>
    [...search.neighboursOf(item, count).items].map(other => names[other])

  test(`${name}: the likest come first, never the item itself, none unlike it`, async t => {
    const search = started()
    search.put(0, pair(made('tea', 'green')))
    search.put(1, pair(made('tea', 'pot')))
    search.put(2, pair(made('tea', 'green', 'cup')))
    search.put(3, pair(made('tea', 'green').map(x => -x)))
    await ready(search)
    t.deepEqual(near(search, 0, 10), ['cup', 'teapot'])
    const { scores } = search.neighboursOf(0, 10)
    t.true(Math.abs(scores[0] - Math.sqrt(2 / 3)) < 0.15, `${scores[0]}`)
    t.deepEqual(near(search, 0, 1), ['cup'])
    t.is(search.count, 4)
  })

  test(`${name}: ties are ordered by id`, async t => {
    const search = started()
    for (let item = 0; item < 8; item++) search.put(item, pair(made('same')))
    await ready(search)
    t.deepEqual(near(search, 3, 7), ['cup', 'drill', 'glue', 'nail', 'screw', 'tea', 'teapot'])
  })

  test(`${name}: an item without a vector has no neighbours`, async t => {
    const search = started()
    search.put(0, pair(made('tea')))
    await ready(search)
    t.deepEqual(near(search, 5), [])
    t.deepEqual(near(search, -1), [])
    t.deepEqual(near(search, 0), [])
  })

  test(`${name}: a changed item is found where it is now, a removed one nowhere`, async t => {
    const search = started()
    search.put(0, pair(made('tea')))
    search.put(1, pair(made('tea')))
    search.put(2, pair(made('tea')))
    search.put(3, pair(made('tool')))
    search.put(4, pair(made('tool')))
    await ready(search)
    search.put(1, pair(made('tool')))
    t.deepEqual(near(search, 0, 1), ['cup'])
    t.deepEqual(near(search, 3, 2), ['drill', 'teapot'])
    search.remove(4)
    search.remove(4)
    t.deepEqual(near(search, 3, 1), ['teapot'])
    search.put(5, pair(made('tool')))
    await ready(search)
    t.deepEqual(near(search, 3, 2), ['nail', 'teapot'])
    t.is(search.count, 5)
  })

  test(`${name}: behaviour counts as far as there is evidence for it`, async t => {
    const search = started()
    const both = (evidence: number) => {
      search.put(0, pair(made('tea'), used('tea', 'saw', 'drill'), evidence))
      return near(search, 0, 1)
    }
    search.put(1, pair(made('tea')))
    search.put(3, pair(made('tool'), used('saw', 'tea', 'drill'), 0.9))
    both(0)
    await ready(search)
    t.deepEqual(both(0), ['teapot'])
    t.deepEqual(both(0.2), ['teapot'])
    t.deepEqual(both(0.9), ['saw'])
    search.put(0, pair(null, used('tea', 'saw', 'drill'), 1))
    t.deepEqual(near(search, 0, 1), ['saw'])
  })
}
