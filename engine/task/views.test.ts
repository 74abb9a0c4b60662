import test from 'ava'
import { CacheBudget } from '../state/cache-budget.ts'
import { Published } from './views.ts'

const one = Buffer.from('1')
const two = Buffer.from('2')

test('a value counts as published only once its unit is settled', t => {
  const published = new Published(new CacheBudget(1_000))
  published.set('tea', one)
  t.is(published.get('tea'), undefined)
  published.settle()
  t.deepEqual(published.get('tea'), one)
  published.set('tea', two)
  t.deepEqual(published.get('tea'), one)
})

test('an aborted unit has published nothing, and a key that is gone is known to be gone', t => {
  const published = new Published(new CacheBudget(1_000))
  published.set('tea', one)
  published.drop()
  published.settle()
  t.is(published.get('tea'), undefined)
  published.set('tea', null)
  published.settle()
  t.is(published.get('tea'), null)
})
