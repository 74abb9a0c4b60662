import test from 'ava'
import { itemCatalog } from '../schemas/topics.ts'
import { itemCatalogTopology } from './item-catalog.ts'
import { run } from './testing/run.ts'
import { traffic } from './testing/traffic.ts'

const seed = Number(process.env.SEED ?? 21)

test(`the catalog is the last row of every product that is not deleted (seed ${seed})`, t => {
  const arrivals = traffic(seed)
  const last = new Map(arrivals.filter(({ topic }) => topic.name === 'products').map(({ key, value }) => [key, value]))
  const standing = [...last.values()].filter(row => row !== null)
  const catalog = run([itemCatalogTopology], arrivals, { unitRecords: 10, partitions: 4 }).viewAll(itemCatalog)
  if (seed === 21) t.true(standing.length < last.size, 'something was deleted')
  t.deepEqual(
    [...catalog.values()].map(item => [item.product_id, item.category, item.price, item.updated_at]).sort(),
    standing.map(row => [row.product_id, row.category, row.price, row.updated_at]).sort()
  )
})
