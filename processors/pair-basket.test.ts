import test from 'ava'
import { pairBasket } from './pair-basket.ts'
import { basket } from './testing/builders.ts'

const told = (change: Parameters<typeof pairBasket>[0]) =>
  Object.fromEntries(
    pairBasket(change).map(({ key, value: { baskets, more, less } }) => [key as string, { baskets, more, less }])
  )

test('each item of a new basket is told all of it, and one row counts the basket', t => {
  t.deepEqual(told({ before: null, after: basket({ cup: 1, tea: 1 }) }), {
    cup: { baskets: 1, more: ['cup', 'tea'], less: [] },
    tea: { baskets: 1, more: ['cup', 'tea'], less: [] },
    '*': { baskets: 1, more: [], less: [] }
  })
})

test('a late line is told to the others, and the others to it', t => {
  t.deepEqual(told({ before: basket({ cup: 1 }), after: basket({ cup: 1, tea: 1 }) }), {
    tea: { baskets: 1, more: ['cup', 'tea'], less: [] },
    cup: { baskets: 0, more: ['tea'], less: [] }
  })
})

test('a line that was returned wholly is taken back', t => {
  t.deepEqual(told({ before: basket({ cup: 1, tea: 1 }), after: basket({ cup: 1, tea: 0 }) }), {
    tea: { baskets: -1, more: [], less: ['cup', 'tea'] },
    cup: { baskets: 0, more: [], less: ['tea'] }
  })
})

test('a cancelled basket is taken back; one that never counted is not told', t => {
  const cancelled = basket({ cup: 1, tea: 1 }, { counts: false })
  t.deepEqual(told({ before: basket({ cup: 1, tea: 1 }), after: cancelled }), {
    cup: { baskets: -1, more: [], less: ['cup', 'tea'] },
    tea: { baskets: -1, more: [], less: ['cup', 'tea'] },
    '*': { baskets: -1, more: [], less: [] }
  })
  t.deepEqual(told({ before: null, after: cancelled }), {})
})

test('a basket that goes to somebody else is taken from the one and given to the other', t => {
  const records = pairBasket({ before: basket({ tea: 1 }, { person: 's1' }), after: basket({ tea: 1 }) })
  t.deepEqual(
    records.map(({ value: { baskets } }) => baskets),
    [-1, 1]
  )
  t.not(records[0].value.person, records[1].value.person)
})

test('what changes no pair is not told', t => {
  t.deepEqual(told({ before: basket({ tea: 1 }), after: basket({ tea: 5 }) }), {})
})

test('a large basket pairs its 100 dearest lines, ties by id', t => {
  const lines = Object.fromEntries(
    Array.from({ length: 150 }, (_, i) => [`p${100 + i}`, [1, i < 10 ? 9 : 1] as [number, number]])
  )
  const items = Object.keys(told({ before: null, after: basket({ ...lines, z: [3, 9] }) }))
  t.is(items.length, 101)
  t.true(items.includes('z'))
  t.deepEqual(
    items.filter(id => id !== '*' && id !== 'z').sort(),
    Array.from({ length: 99 }, (_, i) => `p${100 + i}`)
  )
})

test('an empty basket is nothing', t => {
  t.deepEqual(told({ before: null, after: basket({}) }), {})
})
