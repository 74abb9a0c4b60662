import test from 'ava'
import { CacheBudget } from './cache-budget.ts'
import { Generations } from './generations.ts'

const item = (bytes: number) => ({ bytes, generation: 0 })

function turn(budget: CacheBudget, ...caches: Generations<any>[]): void {
  const oldest = budget.turn()
  for (const cache of caches) cache.dropOlderThan(oldest)
}

test('what was used longest ago is dropped, until three quarters of the budget are kept', t => {
  const budget = new CacheBudget(100)
  const cache = new Generations(budget)
  for (const key of ['a', 'b', 'c', 'd', 'e']) {
    cache.add(key, item(20))
    if (key === 'd') cache.get('a')
    turn(budget, cache)
  }
  t.is(budget.bytes, 60)
  t.deepEqual(
    ['a', 'b', 'c', 'd', 'e'].filter(key => cache.get(key)),
    ['a', 'd', 'e']
  )
})

test('nothing is dropped while there is room, however many turns ago it was used', t => {
  const budget = new CacheBudget(100)
  const cache = new Generations(budget)
  cache.add('old', item(10))
  for (let i = 0; i < 1_000; i++) {
    turn(budget, cache)
    cache.get(`${i}`) ?? cache.add(`${i % 2}`, item(0))
  }
  t.is(budget.bytes, 10)
  for (const key of ['a', 'b', 'c', 'd']) cache.add(key, item(15))
  turn(budget, cache)
  cache.add('e', item(15))
  turn(budget, cache)
  t.is(budget.bytes, 75)
})

test('a turn is due when much of the budget was newly used, or hardly any of it is left', t => {
  const budget = new CacheBudget(160)
  const cache = new Generations(budget)
  cache.add('a', item(10))
  t.false(budget.isTurnDue)
  cache.add('b', item(1))
  t.true(budget.isTurnDue)
  turn(budget, cache)
  t.false(budget.isTurnDue)
  t.false(budget.isExceeded)
  cache.add('c', item(150))
  t.true(budget.isTurnDue)
  t.true(budget.isExceeded)
})

test('two caches share one budget, and each gives back what it held', t => {
  const budget = new CacheBudget(100)
  const [one, other] = [new Generations(budget), new Generations(budget)]
  const grows = item(1)
  one.add('a', grows)
  one.resize(grows, 30)
  other.add('a', item(5))
  t.is(budget.bytes, 35)
  turn(budget, one, other)
  one.get('a')
  one.resize(grows, 40)
  t.is(budget.bytes, 45)
  one.drop()
  t.is(budget.bytes, 5)
  turn(budget, one, other)
  t.is(other.get('a')?.bytes, 5)
})
