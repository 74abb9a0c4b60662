import test from 'ava'
import { days, hours, minutes } from '../engine/index.ts'
import { driveProcessor } from '../engine/testing/drive-processor.ts'
import type { PersonId } from '../schemas/ids.ts'
import { pairSittings } from './pair-sittings.ts'
import type { TouchChange } from './person-day.ts'
import { touch, touches, untouched } from './testing/builders.ts'

const u1 = 'u1' as PersonId
const start = () => {
  const feed = driveProcessor(pairSittings())
  /** `tea +cup` = more of cup with tea, `-` = less, `>` = bought after; `tea 1` = a person-day more. */
  const told = (change: TouchChange, key = u1) =>
    feed(key, change, change.ts).flatMap(({ key: item, value: { weight, together, bought } }) => [
      ...(weight === 0 ? [] : [`${item} ${weight}`]),
      ...together.more.map(other => `${item} +${other}`),
      ...together.less.map(other => `${item} -${other}`),
      ...bought.more.map(other => `${item} >${other}`)
    ])
  return { feed, told }
}

test('two items within 30 minutes are a pair, both ways', t => {
  const { feed, told } = start()
  t.deepEqual(told(touches(touch('tea', 0))), ['tea 1'])
  feed.reload()
  t.deepEqual(told(touches(touch('cup', minutes(30)))).sort(), ['cup +tea', 'cup 1', 'tea +cup'])
})

test('forgets items older than the window', t => {
  const { told } = start()
  told(touches(touch('tea', 0)))
  t.deepEqual(told(touches(touch('cup', minutes(30) + 1))), ['cup 1'])
})

test('a pair counts once per day', t => {
  const { told } = start()
  told(touches(touch('tea', 0), touch('cup', 1)))
  t.deepEqual(told(touches(touch('tea', 2), touch('cup', 3))), [])
  t.deepEqual(told(touches(touch('tea', hours(3)), touch('cup', hours(3)))), [])
  t.is(told(touches(touch('tea', days(1)), touch('cup', days(1)))).length, 4)
})

test('pairs with the last 20 others only', t => {
  const { told } = start()
  for (let i = 0; i < 25; i++) told(touches(touch(`p${i}`, i)))
  const pairs = told(touches(touch('tea', 30))).filter(one => one.startsWith('tea +'))
  t.deepEqual(pairs.sort(), Array.from({ length: 20 }, (_, i) => `tea +p${i + 5}`).sort())
})

test('a basket is one list per item, not a record per pair', t => {
  const { feed } = start()
  const records = feed(u1, touches(touch('a'), touch('b'), touch('c')), 0)
  t.is(records.length, 3)
  t.deepEqual(
    records.map(({ value }) => value.together.more.length),
    [2, 2, 2]
  )
})

test('a late touch pairs with what came before and after it', t => {
  const { told } = start()
  told(touches(touch('tea', 0)))
  told(touches(touch('pot', minutes(40))))
  t.deepEqual(told(touches(touch('cup', minutes(20)))).sort(), [
    'cup +pot',
    'cup +tea',
    'cup 1',
    'pot +cup',
    'tea +cup'
  ])
})

test('a late touch between others pushes the oldest out of a full window', t => {
  const { told } = start()
  for (let i = 0; i < 21; i++) told(touches(touch(`p${i}`, i * 10)))
  const change = told(touches(touch('new', 5)))
  t.true(change.includes('p20 -p0'))
  t.true(change.includes('p0 -p20'))
})

test('a touch that is taken back takes its pairs with it', t => {
  const { told } = start()
  told(touches(touch('tea', 0), touch('cup', 1)))
  t.deepEqual(told(untouched(touch('cup', 1))).sort(), ['cup -1', 'cup -tea', 'tea -cup'])
})

test('what was bought after another was looked at is told to the other', t => {
  const { told } = start()
  told(touches(touch('tea', 0)))
  const bought = told(touches(touch('cup', 1, { type: 'purchase' }), touch('pot', 1, { type: 'purchase' })))
  t.deepEqual(bought.filter(one => one.includes('>')).sort(), ['tea >cup', 'tea >pot'])
})

test('a pair across midnight counts for the day of its later touch', t => {
  const { feed, told } = start()
  told(touches(touch('tea', days(1) - 1)))
  const records = feed(u1, touches(touch('cup', days(1))), days(1))
  t.deepEqual(
    records.map(({ value }) => value.day),
    [days(1), days(1)]
  )
})

test('people sit for themselves', t => {
  const { told } = start()
  told(touches(touch('tea', 0)))
  t.deepEqual(told(touches(touch('cup', 1)), 'u2' as PersonId), ['cup 1'])
})
