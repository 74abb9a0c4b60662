import { createHash } from 'node:crypto'
import test from 'ava'
import { poison } from '../errors.ts'
import { type Id, numberCodec, processor, topic, topology, type ValueCodec, value, view } from '../index.ts'
import { driveTopology } from '../testing/drive-topology.ts'
import { deadLetterBytesMax } from './dead-letter.ts'

type User = Id<'user'>

const text: ValueCodec<string> = { encode: text => Buffer.from(text), decode: bytes => bytes.toString() }
const lengths = topic<User, string>('lengths', { value: text, recordBytesMax: 4 << 20 })
const lines = view<User, string>('lines', { value: text, recordBytesMax: 100, equality: 'exact' })

/** Publishes a line as long as the last record says; below zero it cannot. */
const drawLine = () =>
  processor({
    name: 'draw-line',
    state: { length: value(numberCodec) },
    process({ value }: { key: User; value: string; timestamp: number }, { length }) {
      if (value.length > 10) throw poison('too_long', 'No number is that long.')
      length.set(Number(value))
    },
    view: (_key: User, { length }) => '-'.repeat(length.get() ?? 0)
  })

function drive() {
  const driver = driveTopology([topology('draw').from(lengths).process(drawLine()).to(lines)])
  let timestamp = 0
  return {
    driver,
    feed: (key: string, text: string) => driver.feed(lengths, key as User, text, timestamp++),
    line: (key: string) => driver.view(lines, key as User)
  }
}

test('a view that is too large is gone until it fits again; a dead letter says so, and its neighbours are published', t => {
  const { driver, feed, line } = drive()
  feed('ann', '5')
  feed('ann', '200')
  feed('bob', '7')
  t.is(line('ann'), undefined)
  t.is(line('bob'), '-------')
  const [{ key, value, headers }, ...others] = driver.deadLetters()
  t.is(others.length, 0)
  t.is(key, 'ann')
  t.is(value?.length, 0)
  t.like(headers, {
    'millrace.error.code': 'record_too_large',
    'millrace.error.topic': 'millrace.lines.v1',
    'millrace.error.topology': 'draw',
    'millrace.error.step': 'draw-line',
    'millrace.error.offset': '-1',
    'millrace.error.truncated': 'true',
    'millrace.error.size': '200'
  })
  feed('ann', '6')
  t.is(line('ann'), '------')
})

test('a view does not depend on when units end: what was too large meanwhile leaves nothing behind', t => {
  const { driver, line } = drive()
  for (const [i, text] of ['5', '200', '8'].entries()) driver.append(lengths, 'ann' as User, text, i)
  driver.commit()
  t.is(line('ann'), '--------')
  t.is(driver.deadLetters().length, 0)
})

test('a view that cannot be computed is a dead letter as well', t => {
  const { driver, feed, line } = drive()
  feed('ann', '-1')
  feed('bob', '2')
  t.is(line('ann'), undefined)
  t.is(line('bob'), '--')
  t.is(driver.deadLetters()[0].headers?.['millrace.error.code'], 'processor_failed')
})

test('a bad record that does not fit leaves its size and its hash', t => {
  const { driver, feed } = drive()
  const long = 'x'.repeat(deadLetterBytesMax)
  feed('ann', long)
  feed('bob', 'x'.repeat(1_000))
  const [first, second] = driver.deadLetters()
  t.is(first.value?.length, 0)
  t.is(first.headers?.['millrace.error.size'], String(long.length))
  t.is(first.headers?.['millrace.error.sha256'], createHash('sha256').update(long).digest('hex'))
  t.is(second.value?.length, 1_000)
  t.is(second.headers?.['millrace.error.truncated'], undefined)
})
