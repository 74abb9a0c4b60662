import test from 'ava'
import { embeddingVector } from './embedding-vector.ts'
import { unit } from './signed-projection.ts'

const cosine = (a: Int8Array, b: Int8Array) => a.reduce((sum, x, i) => sum + x * b[i], 0) / (unit * unit)
const wave = (length: number, phase: number) => Array.from({ length }, (_, i) => Math.sin(i * 0.7 + phase))

for (const [length, precision] of [
  [64, 0.01],
  [128, 0.01],
  [768, 0.15],
  [3_072, 0.15]
]) {
  test(`embeddings of ${length} numbers keep their cosines within ${precision}`, t => {
    const one = embeddingVector(wave(length, 0))
    for (const phase of [0, 0.5, 1, 1.5, 2, 3]) {
      const other = embeddingVector(wave(length, phase))
      t.true(Math.abs(cosine(one, other) - Math.cos(phase)) < precision + 0.02, `${phase}: ${cosine(one, other)}`)
    }
  })
}

test('the scale of an embedding does not matter, and one of zeros says nothing', t => {
  const small = wave(300, 1).map(x => x * 1e-9)
  t.deepEqual(embeddingVector(small), embeddingVector(wave(300, 1)))
  t.deepEqual(embeddingVector([0, 0, 0]), new Int8Array(128))
})
