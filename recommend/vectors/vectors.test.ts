import { createHash } from 'node:crypto'
import test from 'ava'
import { behaviourVector, evidenceOf } from './behaviour-vector.ts'
import { contentVector, levelOf } from './content-vector.ts'
import { addSigns, dimensions, nameHash, quantised, unit } from './signed-projection.ts'

const cosine = (a: Int8Array, b: Int8Array) => a.reduce((sum, x, i) => sum + x * b[i], 0) / (unit * unit)

test('vectors are about 448 long; nothing has a vector of zeros', t => {
  for (let i = 0; i < 50; i++) {
    const vector = contentVector([1, 2, 3, 4].map(word => ({ name: `word:${i}-${word}`, weight: 6, level: 0 })))
    t.true(Math.abs(Math.sqrt(cosine(vector, vector)) - 1) < 0.1)
  }
  t.deepEqual(contentVector([]), new Int8Array(dimensions))
})

test('cosines are those of the terms, within the noise of 128 signs', t => {
  const n = 400
  let squares = 0
  for (let i = 0; i < n; i++) {
    const terms = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, k) => ({ name: `word:${i}/${from + k}`, weight: 6, level: 0 }))
    const error = cosine(contentVector(terms(0, 8)), contentVector(terms(4, 12))) - 0.5
    squares += error * error
  }
  const noise = Math.sqrt(squares / n)
  t.true(noise < 0.1, `${noise}`)
})

test('the order of terms and companions of equal place changes no byte', t => {
  const terms = Array.from({ length: 20 }, (_, i) => ({ name: `word:${i}`, weight: (i % 2) + 5, level: i % 6 }))
  t.deepEqual(contentVector(terms), contentVector([...terms].reverse()))
  const companions = Array.from({ length: 30 }, (_, i) => ({ product_id: `p${i}`, score: 1 / (i + 1) }))
  t.deepEqual(behaviourVector('a', companions), behaviourVector('a', [...companions].reverse()))
})

test('a rare term says more than a common one', t => {
  const at = (name: string, level: number) => ({ name, weight: 6, level })
  const item = contentVector([at('word:rare', 0), at('word:common', 4)])
  t.true(cosine(item, contentVector([at('word:rare', 0)])) > 0.8)
  t.true(cosine(item, contentVector([at('word:common', 4)])) < 0.5)
  t.deepEqual([1, 3, 4, 15, 16, 63, 64, 255, 256, 1023, 1024, 1e9].map(levelOf), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5])
})

test('two items are near when they are companions, or have companions in common', t => {
  const of = (item: string, ...others: string[]) =>
    behaviourVector(
      item,
      others.map(product_id => ({ product_id, score: 0.3 }))
    )
  const tea = of('tea', 'cup', 'pot')
  t.true(cosine(tea, of('coffee', 'cup', 'pot')) > 0.5)
  t.true(cosine(tea, of('cup', 'tea', 'saucer')) > 0.3)
  t.true(Math.abs(cosine(tea, of('saw', 'nail', 'drill'))) < 0.3)
})

test('evidence is half at eight person-days, and never whole', t => {
  t.deepEqual([0, 8, 72, 1e9].map(evidenceOf), [0, 0.5, 0.9, 1])
})

test('the same names have the same bytes on every machine', t => {
  const sums = new Float64Array(dimensions)
  for (let i = 0; i < 1_000; i++) addSigns(sums, nameHash(`name ${i} äöü`), i + 1)
  t.is(createHash('sha256').update(quantised(sums)).digest('hex').slice(0, 16), '259a444de42952ee')
})
