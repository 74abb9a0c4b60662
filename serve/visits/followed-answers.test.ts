import test from 'ava'
import { FollowedAnswers } from './followed-answers.ts'

function followed(visitsMax?: number) {
  const counted: string[] = []
  const answers = new FollowedAnswers((surface, outcome) => counted.push(`${surface} ${outcome}`), visitsMax)
  const show = (visit: string, ...productIds: string[]) =>
    answers.answered(visit, { surface: 'home', at: 100, productIds })
  const step = (session_id: string, product_id: string, ts = 200) => answers.stepped({ session_id, product_id, ts })
  return { counted, answers, show, step }
}

test('the next step of a visit is a hit when its item was shown, else a miss', t => {
  const { counted, show, step } = followed()
  show('a', 'tea', 'cup')
  show('b', 'tea', 'cup')
  step('a', 'cup')
  step('b', 'pot')
  t.deepEqual(counted, ['home hit', 'home miss'])
})

test('a list counts once, the newest one of its visit', t => {
  const { counted, show, step } = followed()
  show('a', 'tea')
  show('a', 'cup')
  step('a', 'tea')
  step('a', 'cup')
  t.deepEqual(counted, ['home miss'])
})

test('steps of others, from before the answer or long after it do not count', t => {
  const { counted, show, step } = followed()
  show('a', 'tea')
  step('b', 'tea')
  step('a', 'tea', 99)
  step('a', 'tea', 100 + 31 * 60_000)
  t.deepEqual(counted, [])
})

test('of too many visits the one answered longest ago is forgotten', t => {
  const { counted, show, step } = followed(2)
  for (const visit of ['a', 'b', 'c']) show(visit, 'tea')
  for (const visit of ['a', 'b', 'c']) step(visit, 'tea')
  t.is(counted.length, 2)
})
