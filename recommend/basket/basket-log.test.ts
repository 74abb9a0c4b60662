import test from 'ava'
import fc from 'fast-check'
import { BasketLog } from './basket-log.ts'

const day = 86_400
const seed = 20250815
const bounds = { basketsMax: 1000, linesMax: 1000, perCustomerMax: 1000 }

/** Few moments, so that many baskets are of the same one, on either side of midnight. */
const told = fc.record({
  id: fc.nat({ max: 30 }),
  timeS: fc.constantFrom(day - 2, day - 1, day, day + 1),
  isGone: fc.boolean()
})

test('baskets of a customer and of all stand in order of time, then of id, whatever came and went when', t => {
  fc.assert(
    fc.property(fc.array(told, { maxLength: 60, size: 'max' }), changes => {
      const log = new BasketLog({ ...bounds, basketsMax: 0 })
      const standing = new Map<string, number>()
      for (const { id, timeS, isGone } of changes) {
        log.remove(`${id}`)
        standing.delete(`${id}`)
        if (isGone) continue
        log.add({ id: `${id}`, customer: 'ann', timeS, items: Int32Array.of(1) })
        standing.set(`${id}`, timeS)
      }
      const expected = [...standing].sort(([a, at], [b, bt]) => at - bt || (a < b ? -1 : 1)).map(([id]) => id)
      t.deepEqual(
        log.basketsOf('ann').map(({ id }) => id),
        expected
      )
      const oldestFirst: string[] = []
      for (let old = log.surplus(null); old; old = log.surplus(null)) {
        oldestFirst.push(old.id)
        log.remove(old.id)
      }
      t.deepEqual(oldestFirst, expected)
    }),
    { seed, numRuns: 100 }
  )
})

test('more lines than the bound are too many, however few baskets hold them', t => {
  const log = new BasketLog({ ...bounds, linesMax: 5 })
  const add = (id: string, timeS: number, lines: number) =>
    log.add({ id, customer: null, timeS, items: new Int32Array(lines) })
  add('large', 3, 3)
  add('old', 1, 2)
  t.is(log.surplus(null), undefined)
  add('new', 4, 1)
  t.is(log.surplus(null)?.id, 'old')
  log.remove('old')
  t.is(log.surplus(null), undefined)
})
