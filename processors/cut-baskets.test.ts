import test from 'ava'
import { minutes } from '../engine/index.ts'
import { driveProcessor } from '../engine/testing/drive-processor.ts'
import type { Act } from '../schemas/act.ts'
import type { PersonId } from '../schemas/ids.ts'
import { cutBaskets } from './cut-baskets.ts'
import { anAct } from './testing/builders.ts'

const u1 = 'u1' as PersonId
const start = () => {
  const feed = driveProcessor(cutBaskets())
  const standing = new Set<string>()
  const buy = (product_id: string, ts: number, over: Partial<Act> = {}, key = u1) => {
    const act = anAct({ event_type: 'purchase', person: key, product_id, ts, ...over })
    for (const { key: basket, value } of feed(key, act, ts)) {
      const row = `${basket} ${value.act.product_id}`
      if (value.undo) standing.delete(row)
      else standing.add(row)
    }
    return [...standing].sort()
  }
  return { feed, buy }
}

test('purchases of one order are one basket, whenever they come', t => {
  const { buy } = start()
  buy('tea', 0, { order_id: 'o1' })
  t.deepEqual(buy('cup', minutes(500), { order_id: 'o1' }), ['o1 cup', 'o1 tea'])
})

test('without an order, 10 minutes from one purchase to the next keep a basket together', t => {
  const { feed, buy } = start()
  buy('tea', 0)
  feed.reload()
  buy('cup', minutes(10))
  t.deepEqual(buy('pot', minutes(20) + 1), [`u1@${minutes(20) + 1} pot`, 'u1@0 cup', 'u1@0 tea'].sort())
})

test('a late purchase joins two baskets that it lies between', t => {
  const { buy } = start()
  buy('tea', 0)
  buy('cup', minutes(16))
  t.deepEqual(buy('pot', minutes(8)), ['u1@0 cup', 'u1@0 pot', 'u1@0 tea'])
})

test('a late purchase before all others gives the basket a new name', t => {
  const { buy } = start()
  buy('tea', minutes(5))
  t.deepEqual(buy('cup', 0), ['u1@0 cup', 'u1@0 tea'])
})

test('taking back the purchase between two parts them again', t => {
  const { buy } = start()
  buy('tea', 0)
  buy('pot', minutes(8))
  buy('cup', minutes(16))
  t.deepEqual(buy('pot', minutes(8), { undo: true }), [`u1@${minutes(16)} cup`, 'u1@0 tea'].sort())
  t.deepEqual(buy('mug', minutes(8), { undo: true }).length, 2)
})

test('people do not share baskets', t => {
  const { buy } = start()
  buy('tea', 0)
  t.deepEqual(buy('cup', 0, {}, 'u2' as PersonId), ['u1@0 tea', 'u2@0 cup'])
})

test('an erasure forgets what a person bought before, without a word: a later purchase begins a basket of its own', t => {
  const { feed, buy } = start()
  buy('tea', 0)
  t.deepEqual(feed(u1, null, minutes(1)), [])
  feed.reload()
  t.deepEqual(buy('cup', minutes(2)), ['u1@0 tea', `u1@${minutes(2)} cup`])
})
