import test from 'ava'
import { driveProcessor } from '../engine/testing/drive-processor.ts'
import type { ItemId } from '../schemas/ids.ts'
import { keepCatalog } from './keep-catalog.ts'
import { product } from './testing/builders.ts'

const tea = 'tea' as ItemId

test('the newest row of a product stands, whatever its own time says', t => {
  const feed = driveProcessor(keepCatalog())
  feed(tea, product({ title: 'Tea', updated_at: 9 }), 9)
  feed(tea, product({ title: 'Green tea', updated_at: 1 }), 1)
  feed.reload()
  t.is(feed.view(tea)?.title, 'Green tea')
})

test('a product without variants is its own group', t => {
  const feed = driveProcessor(keepCatalog())
  feed(tea, product(), 0)
  t.is(feed.view(tea)?.group_id, 'tea')
  feed(tea, product({ group_id: 'teas' }), 0)
  t.is(feed.view(tea)?.group_id, 'teas')
})

test('a tombstone takes the product away, also one that was never there', t => {
  const feed = driveProcessor(keepCatalog())
  feed(tea, null, 0)
  t.is(feed.view(tea), null)
  feed(tea, product(), 1)
  feed(tea, null, 2)
  t.is(feed.view(tea), null)
})

test('the same row twice changes nothing, and products do not mix', t => {
  const feed = driveProcessor(keepCatalog())
  feed(tea, product(), 0)
  const before = feed.view(tea)
  feed(tea, product(), 0)
  feed('cup' as ItemId, product({ product_id: 'cup' }), 0)
  t.deepEqual(feed.view(tea), before)
})
