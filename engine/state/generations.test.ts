import test from 'ava'
import { CacheBudget } from './cache-budget.ts'
import { Generations } from './generations.ts'

const item = (bytes: number) => ({ bytes })

test('what was not used between two turns is dropped, and its bytes are free again', t => {
  const budget = new CacheBudget(100)
  const cache = new Generations(budget)
  cache.add('used', item(10))
  cache.add('idle', item(20))
  cache.turn()
  t.is(cache.get('used')?.bytes, 10)
  cache.turn()
  t.is(cache.get('idle'), undefined)
  t.is(cache.get('used')?.bytes, 10)
  t.is(budget.bytes, 10)
})

test('a turn is due when the younger generation has half of the budget, or both have all of it', t => {
  const budget = new CacheBudget(100)
  const cache = new Generations(budget)
  cache.add('a', item(50))
  t.false(budget.isTurnDue)
  cache.add('b', item(1))
  t.true(budget.isTurnDue)
  cache.turn()
  t.false(budget.isTurnDue)
  cache.add('c', item(50))
  t.true(budget.isTurnDue)
})

test('two caches share one budget, and each gives back what it held', t => {
  const budget = new CacheBudget(100)
  const [one, other] = [new Generations(budget), new Generations(budget)]
  const grows = item(1)
  one.add('a', grows)
  one.resize(grows, 30)
  other.add('a', item(5))
  t.deepEqual([budget.bytes, budget.youngBytes], [35, 35])
  one.turn()
  t.deepEqual([budget.bytes, budget.youngBytes], [35, 5])
  one.drop()
  t.deepEqual([budget.bytes, budget.youngBytes], [5, 5])
})
