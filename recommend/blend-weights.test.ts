import test from 'ava'
import { blendWeights } from './blend-weights.ts'

test('the weights of every surface sum to 1, so that a score is at most 1', t => {
  for (const [surface, weights] of Object.entries(blendWeights)) {
    const sum = weights.reduce((all, weight) => all + weight, 0)
    t.true(Math.abs(sum - 1) < 1e-9, `${surface}: ${sum}`)
  }
})
