import test from 'ava'
import { murmur2, partitionOf } from './partition-of.ts'

/** From Kafka's own test, `UtilsTest.testMurmur2`. */
const vectors: [string, number][] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107]
]

test('murmur2 gives the values of Kafka', t => {
  for (const [text, expected] of vectors) t.is(murmur2(Buffer.from(text)), expected, text)
})

test('a key has the same partition as text and as bytes', t => {
  for (const key of ['', 'u1', 'ключ', 'naïve', 'x'.repeat(5000), `${'x'.repeat(1500)}é`]) {
    t.is(partitionOf(key, 12), partitionOf(Buffer.from(key), 12), key.slice(0, 10))
  }
})

test('no key and a single partition mean partition 0', t => {
  t.is(partitionOf(null, 12), 0)
  t.is(partitionOf('anything', 1), 0)
})
