import test from 'ava'
import { decay } from './decay.ts'

test('what is left agrees with 2^(−Δ/h) to 15 digits', t => {
  for (let i = 0; i < 20_000; i++) {
    const elapsed = (i * 7_919_777) % 40_000_000_000
    const exact = 2 ** (-elapsed / 86_400_000)
    t.true(Math.abs(decay(elapsed, 86_400_000) - exact) <= exact * 3e-15, `${elapsed}`)
  }
})

test('nothing has decayed at first, half after a half-life, all in the end', t => {
  t.is(decay(0, 7), 1)
  t.is(decay(7, 7), 0.5)
  t.is(decay(70, 7), 2 ** -10)
  t.is(decay(1e12, 1), 0)
  t.is(decay(Number.POSITIVE_INFINITY, 1), 0)
})

test('the bits are the same on every runtime', t => {
  let digest = 0
  const bits = new Int32Array(2)
  const value = new Float64Array(bits.buffer)
  for (let i = 0; i < 10_000; i++) {
    value[0] = decay(i * 1_234_567, 3_600_000 * (1 + (i % 31)))
    digest = Math.imul(digest ^ bits[0], 0x5bd1e995) ^ bits[1]
  }
  t.is(digest, 1778494057)
})
