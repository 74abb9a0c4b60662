import test from 'ava'
import { PositionTokens } from './position-token.ts'

const topics = [
  { name: 'interactions', id: 'a' },
  { name: 'products', id: 'b' }
]
const tokens = new PositionTokens(topics)
const positions = (offsets: Record<number, number>) =>
  new Map(Object.entries(offsets).map(([partition, offset]) => [Number(partition), offset]))

test('a token tells the positions it was made of, also to another process', t => {
  const written = new Map([
    ['interactions', positions({ 0: 17, 3: 2 ** 45 })],
    ['products', positions({ 1: 1 })]
  ])
  t.deepEqual(new PositionTokens(topics).decode(tokens.encode(written)), written)
})

test('a token is URL-safe and has at most 1 KiB, however many partitions a write went to', t => {
  const many = positions(Object.fromEntries(Array.from({ length: 256 }, (_, i) => [i, 2 ** 40 + i])))
  const token = tokens.encode(new Map([['interactions', many]]))
  t.regex(token, /^[\w-]{1,1024}$/)
  t.deepEqual(tokens.decode(token), new Map([['interactions', null]]), 'all that is there includes the write')
  const fewer = new Map([['interactions', positions(Object.fromEntries([...many].slice(0, 64)))]])
  t.deepEqual(tokens.decode(tokens.encode(fewer)), fewer)
})

test('a token of a topic that was made anew is not known', t => {
  const token = tokens.encode(new Map([['products', positions({ 0: 3 })]]))
  t.is(new PositionTokens([topics[0], { name: 'products', id: 'c' }]).decode(token), null)
})

test('bytes that are no token, or a part of one, are not known', t => {
  const token = tokens.encode(new Map([['interactions', positions({ 0: 300, 1: 5 })]]))
  for (const text of ['', 'c1', 'k', 'kAAAAAAAAAAAA', 'nonsense!', `k${'A'.repeat(2000)}`, token.slice(0, -3)]) {
    t.is(tokens.decode(text), null, text)
  }
})
