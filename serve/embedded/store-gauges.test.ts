import test from 'ava'
import { StoreGauges } from './store-gauges.ts'

test('what threads have of a store is added up, each as it has counted last', t => {
  const shown = new Map<string, number>()
  const gauges = new StoreGauges({ set: (name, value, labels = []) => shown.set(`${name} ${labels.join(' ')}`, value) })
  const [one, another] = [{}, {}]
  gauges.report(one, [['carts', 5, 500]])
  gauges.report(another, [['carts', 2, 20]])
  gauges.report(one, [['carts', 4, 400]])
  t.deepEqual(Object.fromEntries(shown), { 'millrace_store_keys carts': 6, 'millrace_store_bytes carts': 420 })
})
