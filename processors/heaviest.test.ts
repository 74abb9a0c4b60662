import test from 'ava'
import fc from 'fast-check'
import { heaviestFirst } from './heaviest.ts'

const seed = 20261124

test('the heaviest come first, ties by id, whatever their places', t => {
  const row = fc.record({ weight: fc.constantFrom(-1, 0, 0.25, 0.5, 1, 2, 3e6), id: fc.string({ maxLength: 3 }) })
  const rows = fc.uniqueArray(row, { selector: ({ id }) => id, maxLength: 80, size: 'max' })
  fc.assert(
    fc.property(rows, fc.nat({ max: 90 }), fc.nat(), (all, count, from) => {
      const weights = Float32Array.from(all, ({ weight }) => weight)
      const chosen = all.map((_, place) => place).filter(place => (place * 7 + from) % 3 > 0)
      const places = Int32Array.from(chosen)
      const found = heaviestFirst({ weights, idAt: place => all[place].id }, places, chosen.length, count)
      const weightOf = (place: number) => Math.max(0, weights[place])
      const expected = chosen
        .sort((a, b) => weightOf(b) - weightOf(a) || (all[a].id < all[b].id ? -1 : 1))
        .slice(0, count)
      t.deepEqual([...places.subarray(0, found)], expected)
    }),
    { seed, numRuns: 300 }
  )
})
