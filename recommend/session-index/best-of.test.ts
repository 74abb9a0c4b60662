import test from 'ava'
import { BestOf } from './best-of.ts'

function chosen(keys: number[], ...ks: number[]): number[] {
  const best = new BestOf()
  best.reserve(keys.length)
  for (const [tag, key] of keys.entries()) {
    best.keys[tag] = key
    best.tags[tag] = tag
  }
  for (const k of ks) best.chooseInOrder(keys.length, k, (a, b) => a < b)
  return [...best.tags.subarray(0, keys.length)]
}

const sorted = (tags: number[]) => [...tags].sort((a, b) => a - b)

test('of equal keys at the edge those are chosen that come first', t => {
  const keys = [1, 1, 5, 1, 1, 4, 1, 1, 1, 3]
  t.deepEqual(sorted(chosen(keys, 6).slice(0, 6)), [0, 1, 2, 3, 5, 9])
})

test('what was not chosen is still there, each tag once, to be chosen from again', t => {
  const keys = Array.from({ length: 50 }, (_, i) => (i * 7) % 3)
  const tags = chosen(keys, 40, 20)
  t.deepEqual(
    sorted(tags),
    Array.from({ length: 50 }, (_, i) => i)
  )
  // 16 keys of 2, and the first four of those of 1.
  const expected = keys.flatMap((key, tag) => (key === 2 || (key === 1 && tag < 12) ? [tag] : []))
  t.deepEqual(sorted(tags.slice(0, 20)), expected)
})
