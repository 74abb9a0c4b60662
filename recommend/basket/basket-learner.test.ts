import test from 'ava'
import { isSampled } from '../blend/session-learner.ts'
import { BasketLearner } from './basket-learner.ts'

const day = 86_400

/** Every basket is told at an offset of the sample, so that it is learned if anything can be learned from it. */
function learning() {
  const learner = new BasketLearner()
  let offset = 0
  const tell = (id: string, items: string[] | null, timeS = 0) => {
    while (!isSampled(offset, 3)) offset++
    learner.take(id, items && { customer: 'ann', items, timeS }, offset++)
    return learner.learn(() => undefined) !== null
  }
  return { learner, tell }
}

test('a basket that is told again is no target: it would be predicted from itself', t => {
  const { tell } = learning()
  t.false(tell('o1', ['tea', 'cup'], 0))
  t.true(tell('o2', ['tea'], day))
  t.false(tell('o2', ['tea'], day))
  t.false(tell('o1', ['tea', 'cup'], 2 * day))
  t.true(tell('o3', ['cup'], 3 * day))
})

test('what was ordered under the name of an erased basket is learned like any other', t => {
  const { tell } = learning()
  tell('o1', ['tea'], 0)
  t.true(tell('o2', ['tea'], day))
  t.false(tell('o2', null))
  t.true(tell('o2', ['tea'], 2 * day))
})
