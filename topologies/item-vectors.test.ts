import test from 'ava'
import { days } from '../engine/index.ts'
import { behaviourVector } from '../recommend/vectors/behaviour-vector.ts'
import { contentTerms } from '../recommend/vectors/content-terms.ts'
import { contentVector, levelOf } from '../recommend/vectors/content-vector.ts'
import type { ItemId } from '../schemas/ids.ts'
import type { ProductRow } from '../schemas/tables.ts'
import { itemEmbeddings, itemVectors, products, similarItems } from '../schemas/topics.ts'
import { allTopologies } from './index.ts'
import { run } from './testing/run.ts'
import { type Arrival, traffic } from './testing/traffic.ts'

const seed = Number(process.env.SEED ?? 27)
const arrivals = traffic(seed, { visits: 400, orders: 200 })
const topologies = allTopologies({ purchaseSource: 'orders' })

const lastRows = () =>
  [
    ...new Map(arrivals.filter(({ topic }) => topic === products).map(({ key, value }) => [key, value])).values()
  ].filter((row): row is ProductRow => row !== null)

for (const options of [{ unitRecords: 1 }, { unitRecords: 60 }, { partitions: 4, unitRecords: 25 }]) {
  const driver = run(topologies, arrivals, { ...options, thenMs: days(33) })
  const view = driver.viewAll(itemVectors)

  test(`content is that of the last rows, each term as rare as it is in the end (${JSON.stringify(options)}, seed ${seed})`, t => {
    const rows = lastRows()
    const users = new Map<string, number>()
    for (const row of rows) for (const { name } of contentTerms(row)) users.set(name, (users.get(name) ?? 0) + 1)
    t.true(rows.length > 20)
    t.true(new Set(users.values()).size > 2, 'rare and common terms')
    for (const row of rows) {
      const terms = contentTerms(row).map(term => ({ ...term, level: levelOf(users.get(term.name) ?? 0) }))
      t.deepEqual([...(view.get(row.product_id)?.content ?? [])], [...bytes(contentVector(terms))], row.product_id)
    }
    t.deepEqual(
      [...view]
        .filter(([, { content }]) => content)
        .map(([id]) => id)
        .sort(),
      rows.map(row => row.product_id).sort()
    )
  })

  test(`behaviour is what the row of similar-items says, once time has passed (${JSON.stringify(options)}, seed ${seed})`, t => {
    const similar = driver.viewAll(similarItems)
    let compared = 0
    for (const [item, { co_viewed }] of similar) {
      const { behaviour } = view.get(item) ?? {}
      if (co_viewed.length === 0) continue
      t.truthy(behaviour, item)
      const cosine = cosineOf(new Int8Array(behaviour ?? []), behaviourVector(item, co_viewed))
      t.true(cosine > 0.999, `${item}: ${cosine}`)
      compared++
    }
    t.true(compared > 15)
  })
}

test('a shop’s own embedding takes the place of the terms, until it is taken back', t => {
  const driver = run(topologies, arrivals)
  const item = lastRows()[0].product_id as ItemId
  const before = driver.view(itemVectors, item)
  const vector = Buffer.alloc(128, 7)
  driver.append(itemEmbeddings, item, { vector }, 0)
  driver.commit()
  const after = driver.view(itemVectors, item)
  t.deepEqual([after?.content, after?.content_from], [vector, 'service'])
  t.deepEqual(after?.behaviour, before?.behaviour)
  driver.append(itemEmbeddings, item, null, 1)
  driver.commit()
  t.deepEqual(driver.view(itemVectors, item), before)
})

test('an item that people touch with others has a vector before the catalog names it', t => {
  const behaved = arrivals.filter(({ topic }: Arrival) => topic !== products)
  const view = run(topologies, behaved).viewAll(itemVectors)
  t.true(view.size > 15)
  for (const { content, behaviour } of view.values()) t.true(content === null && behaviour !== null)
})

const bytes = (vector: Int8Array) => Buffer.from(vector.buffer)

function cosineOf(a: Int8Array, b: Int8Array): number {
  const dot = (x: Int8Array, y: Int8Array) => x.reduce((sum, value, i) => sum + value * y[i], 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}
