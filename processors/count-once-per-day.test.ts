import test from 'ava'
import { days, hours } from '../engine/index.ts'
import { driveProcessor } from '../engine/testing/drive-processor.ts'
import type { PersonId } from '../schemas/ids.ts'
import { countOncePerDay } from './count-once-per-day.ts'
import type { TouchChange } from './person-day.ts'
import { touch, touches, untouched } from './testing/builders.ts'

const u1 = 'u1' as PersonId
const start = () => {
  const feed = driveProcessor(countOncePerDay())
  const told = (change: TouchChange, key = u1) => feed(key, change, change.ts).map(({ value }) => value)
  return { feed, told }
}

test('a touch counts with the worth of its type', t => {
  const { feed } = start()
  t.deepEqual(feed(u1, touches(touch('tea', 5, { type: 'add_to_cart' })), 5), [
    {
      key: 'tea' as never,
      value: {
        from: 5,
        to: 5,
        acts: [0, 0, 1, 0],
        units: 0,
        buyers: 0,
        rebuyers: 0,
        popularity: [{ worth: 2, ts: 5 }],
        organic: [{ worth: 2, ts: 5 }]
      },
      timestamp: 5
    }
  ])
})

test('of a day, the strongest act counts, at its last time', t => {
  const { feed, told } = start()
  told(touches(touch('tea', hours(1))))
  feed.reload()
  t.deepEqual(told(touches(touch('tea', hours(2))))[0].popularity, [
    { worth: -1, ts: hours(1) },
    { worth: 1, ts: hours(2) }
  ])
  told(touches(touch('tea', hours(3), { type: 'purchase' })))
  t.deepEqual(told(touches(touch('tea', hours(4))))[0], {
    from: hours(4),
    to: hours(4),
    acts: [1, 0, 0, 0],
    units: 0,
    buyers: 0,
    rebuyers: 0,
    popularity: [],
    organic: []
  })
})

test('the next day counts again, and a late act counts for its own day', t => {
  const { told } = start()
  told(touches(touch('tea', days(1))))
  t.deepEqual(told(touches(touch('tea', days(2))))[0].popularity, [{ worth: 1, ts: days(2) }])
  t.deepEqual(told(touches(touch('tea', hours(23))))[0].popularity, [{ worth: 1, ts: hours(23) }])
})

test('what an answer of ours caused is not organic', t => {
  const { told } = start()
  const [counts] = told(touches(touch('tea', 0, { organic: false })))
  t.deepEqual([counts.popularity.length, counts.organic.length], [1, 0])
})

test('an act that is taken back leaves what the others say', t => {
  const { told } = start()
  told(touches(touch('tea', hours(1))))
  told(touches(touch('tea', hours(2))))
  t.deepEqual(told(untouched(touch('tea', hours(2))))[0], {
    from: hours(2),
    to: hours(2),
    acts: [-1, 0, 0, 0],
    units: 0,
    buyers: 0,
    rebuyers: 0,
    popularity: [
      { worth: -1, ts: hours(2) },
      { worth: 1, ts: hours(1) }
    ],
    organic: [
      { worth: -1, ts: hours(2) },
      { worth: 1, ts: hours(1) }
    ]
  })
})

test('an act that was forgotten can still be taken back', t => {
  const { told } = start()
  for (let i = 0; i < 2_049; i++) told(touches(touch(`p${i}`, i)))
  t.deepEqual(told(untouched(touch('p0', 0)))[0].popularity, [{ worth: -1, ts: 0 }])
})

test('purchases bring their units; items that do not count are only heard of', t => {
  const { told } = start()
  const change = {
    ...touches(touch('tea', 9, { type: 'purchase' })),
    units: [{ product_id: 'tea', qty: 3 }],
    idle: [{ product_id: 'cup', ts: 9 }]
  }
  const counts = told(change)
  t.deepEqual(
    counts.map(({ units, acts, to }) => [units, acts[3], to]),
    [
      [3, 1, 9],
      [0, 0, 9]
    ]
  )
})

test('who buys is a buyer once, and comes back once, on another day; what is taken back was never bought', t => {
  const { feed, told } = start()
  const tea = (ts: number) => touch('tea', ts, { type: 'purchase' })
  const buyers = (change: TouchChange) => told(change).map(count => [count.buyers, count.rebuyers])
  t.deepEqual(buyers(touches(touch('tea', 1))), [[0, 0]])
  t.deepEqual(buyers(touches(tea(hours(1)))), [[1, 0]])
  t.deepEqual(buyers(touches(tea(hours(2)))), [[0, 0]])
  feed.reload()
  t.deepEqual(buyers(touches(tea(days(3)), touch('cup', days(3), { type: 'purchase' }))), [
    [0, 1],
    [1, 0]
  ])
  t.deepEqual(buyers(touches(tea(days(9)))), [[0, 0]])
  t.deepEqual(buyers(untouched(tea(days(3)), tea(days(9)))), [[0, -1]])
  t.deepEqual(buyers(untouched(tea(hours(1)), tea(hours(2)))), [[-1, 0]])
})

test('people count for themselves', t => {
  const { told } = start()
  told(touches(touch('tea', 1)))
  t.deepEqual(told(touches(touch('tea', 2)), 'u2' as PersonId)[0].popularity, [{ worth: 1, ts: 2 }])
})
