import test from 'ava'
import { driveProcessor } from '../engine/testing/drive-processor.ts'
import type { ItemId } from '../schemas/ids.ts'
import { listTerms } from './list-terms.ts'
import { product } from './testing/builders.ts'

const tea = 'tea' as ItemId

test('a product tells each of its terms once', t => {
  const feed = driveProcessor(listTerms())
  const told = feed(tea, product({ title: 'Green TEAS, green pot', category: 'Drinks > Tea', brand: 'Acme' }), 0)
  t.deepEqual(told.map(({ key }) => key).sort(), [
    'brand:acme',
    'category:drinks',
    'category:drinks > tea',
    'word:green',
    'word:pot',
    'word:tea'
  ] as never)
  t.true(told.every(({ value }) => value.item === 'tea' && !value.isGone))
})

test('attributes are terms by name and value; free text is none', t => {
  const feed = driveProcessor(listTerms())
  const attributes = '{"Colour":"Red","sizes":["S","M"],"nested":{"a":1}}'
  const told = feed(tea, product({ title: '', category: null, attributes }), 0)
  t.deepEqual(
    told.map(({ key }) => key),
    ['attribute:colour=red', 'attribute:sizes=m', 'attribute:sizes=s'] as never
  )
  t.deepEqual(feed('cup' as ItemId, product({ title: '', category: null, attributes: 'red, small' }), 0), [])
})

test('a change of price tells nothing, a new title only what changed', t => {
  const feed = driveProcessor(listTerms())
  feed(tea, product({ title: 'green tea' }), 0)
  feed.reload()
  t.deepEqual(feed(tea, product({ title: 'green tea', price: 99, stock: 0 }), 1), [])
  t.deepEqual(
    feed(tea, product({ title: 'black tea' }), 2).map(({ key, value }) => [key, value.isGone]),
    [
      ['word:black', false],
      ['word:green', true]
    ] as never
  )
})

test('a deleted product takes its terms back, once', t => {
  const feed = driveProcessor(listTerms())
  feed(tea, product({ title: 'tea', category: null }), 0)
  feed.reload()
  t.deepEqual(
    feed(tea, null, 1).map(({ key, value }) => [key, value.isGone]),
    [['word:tea', true]] as never
  )
  t.deepEqual(feed(tea, null, 2), [])
})

test('a product of endless words tells 48 terms at most', t => {
  const words = (n: number, of: string) => Array.from({ length: n }, (_, i) => `${of}${i}`)
  const attributes = JSON.stringify(Object.fromEntries(words(500, 'k').map(word => [word, word])))
  const row = product({ title: words(500, 'w').join(' '), category: words(90, 'c').join(' > '), attributes })
  t.true(driveProcessor(listTerms())(tea, row, 0).length <= 48)
})
