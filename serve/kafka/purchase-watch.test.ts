import test from 'ava'
import { PurchaseWatch } from './purchase-watch.ts'

test('it tells once that orders are fed, and asks again while the log cannot answer', async t => {
  const answers = [false, 'away', true, true]
  let told = 0
  let asked = 0
  const watch = new PurchaseWatch({
    areOrdersFed: async () => {
      const answer = answers[asked++]
      if (answer === 'away') throw new TypeError('away')
      return answer === true
    },
    onFed: () => told++,
    everyMs: 1
  })
  while (told === 0) await new Promise(resolve => setTimeout(resolve, 1))
  await new Promise(resolve => setTimeout(resolve, 20))
  t.is(asked, 3)
  t.is(told, 1)
  watch.stop()
})

test('who stops it is told nothing any more', async t => {
  let told = 0
  const watch = new PurchaseWatch({ areOrdersFed: async () => true, onFed: () => told++, everyMs: 5 })
  watch.stop()
  await new Promise(resolve => setTimeout(resolve, 30))
  t.is(told, 0)
})
