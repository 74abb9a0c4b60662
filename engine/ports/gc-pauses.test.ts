import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import test from 'ava'
import { onGcPauses } from './gc-pauses.ts'

test('collections of this thread above the bound are told, shorter ones are not', async t => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  let long = 0
  let all = 0
  const observers = [
    onGcPauses(count => {
      long += count
    }, 60_000),
    onGcPauses(count => {
      all += count
    }, 0)
  ]
  collect()
  for (let i = 0; i < 100 && all === 0; i++) await new Promise(resolve => setTimeout(resolve, 10))
  for (const observer of observers) observer.close()
  t.true(all > 0)
  t.is(long, 0)
})
