import test from 'ava'
import fc from 'fast-check'
import { TopItems } from './top-items.ts'

const nameOf = (item: number) => `item_${String(item).padStart(3, '0')}`

test('keeps what a full sort would put first, higher key before smaller id', t => {
  const keys = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 60 })
  fc.assert(
    fc.property(keys, fc.integer({ min: 1, max: 70 }), (all, limit) => {
      const top = new TopItems(nameOf, 8)
      top.reset(limit)
      all.forEach((key, item) => {
        top.offer(item, key)
      })
      top.sort()
      const expected = all.map((_, item) => item).sort((a, b) => all[b] - all[a] || a - b)
      t.deepEqual([...top.items.subarray(0, top.count)], expected.slice(0, limit))
    })
  )
})

test('keys without any evidence are in order of their ids', t => {
  const top = new TopItems(nameOf, 2)
  top.reset(2)
  for (const item of [3, 1, 2]) top.offer(item, -Infinity)
  top.sort()
  t.deepEqual([...top.items.subarray(0, top.count)], [1, 2])
})
