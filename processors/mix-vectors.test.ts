import test from 'ava'
import { driveProcessor } from '../engine/testing/drive-processor.ts'
import { contentVector } from '../recommend/vectors/content-vector.ts'
import type { ItemId } from '../schemas/ids.ts'
import { mixVectors } from './mix-vectors.ts'
import { base64Of } from './signed-bytes.ts'

const tea = 'tea' as ItemId
const term = (name: string, level = 0) => ({ name, term: { name, weight: 6, level } })
const vector = (fill: number) => new Int8Array(128).fill(fill)

test('content is made of the terms an item has now', t => {
  const feed = driveProcessor(mixVectors())
  feed(tea, term('word:tea'), 0)
  feed(tea, term('word:cup', 2), 0)
  feed.reload()
  feed(tea, { name: 'word:tea', term: null }, 1)
  const expected = contentVector([{ name: 'word:cup', weight: 6, level: 2 }])
  t.deepEqual(new Int8Array(feed.view(tea)?.content ?? []), expected)
  t.is(feed.view(tea)?.behaviour, null)
})

test('behaviour stands beside content and leaves it alone', t => {
  const feed = driveProcessor(mixVectors())
  feed(tea, term('word:tea'), 0)
  const { content } = feed.view(tea) ?? {}
  feed(tea, { behaviour: base64Of(vector(-3)), evidence: 0.25 }, 1)
  feed.reload()
  t.deepEqual(feed.view(tea), {
    content: content as Buffer,
    content_from: 'terms',
    behaviour: Buffer.from(vector(-3).buffer),
    evidence: 0.25
  })
})

test('an embedding stands in for the terms while there is one', t => {
  const feed = driveProcessor(mixVectors())
  feed(tea, term('word:tea'), 0)
  feed(tea, { embedding: base64Of(vector(9)) }, 1)
  feed.reload()
  t.deepEqual([feed.view(tea)?.content_from, feed.view(tea)?.content?.[0]], ['service', 9])
  feed(tea, { embedding: null }, 2)
  t.is(feed.view(tea)?.content_from, 'terms')
})

test('an item of which nothing is left has no row', t => {
  const feed = driveProcessor(mixVectors())
  feed(tea, term('word:tea'), 0)
  feed(tea, { behaviour: base64Of(vector(1)), evidence: 0.5 }, 0)
  feed(tea, { name: 'word:tea', term: null }, 1)
  feed(tea, { behaviour: null, evidence: 0 }, 2)
  t.is(feed.view(tea), null)
  t.is(feed.view('cup' as ItemId), null)
})
