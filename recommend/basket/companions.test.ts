import test from 'ava'
import fc from 'fast-check'
import type { KeptBasket } from './basket-log.ts'
import { Companions } from './companions.ts'

const seed = 20261124
const itemsMax = 40

const ordered = fc.record({
  person: fc.nat({ max: 6 }),
  items: fc.uniqueArray(fc.nat({ max: itemsMax - 1 }), { minLength: 1, maxLength: 12 })
})
const question = fc.record({
  seeds: fc.uniqueArray(fc.nat({ max: itemsMax - 1 }), { maxLength: 6 }),
  weight: fc.integer({ min: 1, max: 9 })
})

function kept(baskets: readonly { person: number; items: number[] }[]): KeptBasket[] {
  return baskets.map(({ person, items }, number) => {
    return { id: `${number}`, number, person, customer: null, timeS: number, items: Int32Array.from(items) }
  })
}

/** Basket by basket and item by item, as the method is written down; an item says nothing of itself. */
function expected(rings: readonly { seed: number; baskets: readonly KeptBasket[]; weight: number }[]) {
  const sums = new Map<number, number>()
  const people = new Map<number, Set<number>>()
  for (const { seed: own, baskets, weight } of rings) {
    for (const { person, items } of baskets.slice(-20)) {
      for (const item of items) {
        if (item !== own) sums.set(item, (sums.get(item) ?? 0) + weight / Math.sqrt(items.length + 5))
        people.set(item, (people.get(item) ?? new Set()).add(person))
      }
    }
  }
  return { sums, people }
}

test('sums and people are those of every basket read for every seed, question after question', t => {
  fc.assert(
    fc.property(
      fc.array(ordered, { maxLength: 60, size: 'max' }),
      fc.array(question, { maxLength: 4 }),
      (all, asked) => {
        const log = kept(all)
        const companions = new Companions()
        for (const { seeds, weight } of asked) {
          const rings = seeds.map(own => ({
            seed: own,
            baskets: log.filter(({ items }) => items.includes(own)),
            weight
          }))
          companions.begin(itemsMax)
          for (let item = 0; item < itemsMax; item++) companions.reset(item)
          for (const { baskets } of rings) companions.add(baskets, weight)
          companions.read()
          for (const { seed: own, baskets } of rings) companions.takeBack(own, baskets, weight)
          const { sums, people } = expected(rings)
          const spokenFor = [...people].filter(([, by]) => by.size >= 3).map(([item]) => item)
          t.deepEqual([...companions.found.subarray(0, companions.foundCount)].sort(), spokenFor.sort())
          for (let item = 0; item < itemsMax; item++) {
            t.true(Math.abs(companions.sumOf(item) - (sums.get(item) ?? 0)) < 1e-9)
            t.is(companions.isSpokenFor(item), spokenFor.includes(item))
          }
        }
      }
    ),
    { seed, numRuns: 100 }
  )
})

test('an item without a basket that was read has nothing of the question before, whichever way was cheaper to forget it', t => {
  const companions = new Companions()
  const log = kept(
    Array.from({ length: 20 }, (_, person) => ({ person, items: Array.from({ length: 60 }, (_, i) => i) }))
  )
  for (const baskets of [log, log.slice(0, 2), []]) {
    companions.begin(60)
    companions.reset(3)
    companions.add(baskets, 1)
    companions.read()
    t.is(companions.isSpokenFor(3), baskets === log)
    t.true(Math.abs(companions.sumOf(3) - baskets.length / Math.sqrt(65)) < 1e-12)
  }
})
