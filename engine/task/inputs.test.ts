import test from 'ava'
import type { RecordBatch } from '../log/log.ts'
import { topic } from '../topic.ts'
import { Input, InputMerger } from './inputs.ts'

const none = { encode: () => Buffer.alloc(0), decode: () => null }

/** A log whose records are there at once and arrive when the test says so. */
function logOf(records: Record<string, number[]>) {
  const arrived = new Map<string, number>()
  const batchOf = (name: string, from: number): RecordBatch => ({
    topic: name,
    partition: 0,
    count: (arrived.get(name) ?? 0) - from,
    nextOffset: arrived.get(name) ?? 0,
    bytes: 0,
    offset: i => from + i,
    timestamp: i => records[name][from + i],
    key: () => 'k',
    keyBytes: () => Buffer.from('k'),
    value: () => null,
    headers: () => undefined
  })
  return {
    arrive: (...names: string[]) => {
      for (const name of names) arrived.set(name, records[name].length)
    },
    arriveUpTo: (name: string, count: number) => arrived.set(name, count),
    read: (name: string, _partition: number, from: number) =>
      from < (arrived.get(name) ?? 0) ? batchOf(name, from) : null,
    startOffset: () => 0,
    endOffset: (name: string) => records[name].length
  }
}

function merging(records: Record<string, number[]>, { idleMs, task = 't' }: { idleMs: number; task?: string }) {
  const clock = { now: 0 }
  const untold = new Set<string>()
  const log = logOf(records)
  const merger = new InputMerger({ idleMs, now: () => clock.now })
  const inputs = Object.keys(records).map((name, rank) => {
    const source = { topic: topic(name, { value: none }), log: name, partitions: 1, rank, readers: [] }
    const input = new Input(log, source, 0)
    input.task = name === 'ticks' ? null : name === 'stranger' ? 'another' : task
    merger.add(input)
    return input
  })
  const drain = () => {
    const taken: string[] = []
    merger.drain(10, ({ input, timestamp }) => {
      const name = `${input.source.log} ${timestamp}`
      if (untold.has(name)) return false
      taken.push(name)
      return true
    })
    return taken
  }
  return { log, clock, drain, inputs, untold }
}

test('records are taken in the order of their times, by rank where those are equal', t => {
  const { log, drain } = merging({ a: [1, 5], b: [1, 2] }, { idleMs: 0 })
  log.arrive('a', 'b')
  t.deepEqual(drain(), ['a 1', 'b 1', 'b 2', 'a 5'])
})

test('a task waits for an input whose records are there but have not arrived, and takes them in order', t => {
  const { log, drain } = merging({ a: [5], b: [2] }, { idleMs: 100 })
  log.arrive('a')
  t.deepEqual(drain(), [])
  log.arrive('b')
  t.deepEqual(drain(), ['b 2', 'a 5'])
})

test('it waits no longer than it may', t => {
  const { log, clock, drain } = merging({ a: [5], b: [2] }, { idleMs: 100 })
  log.arrive('a')
  t.deepEqual(drain(), [])
  clock.now = 99
  t.deepEqual(drain(), [])
  clock.now = 100
  t.deepEqual(drain(), ['a 5'])
})

test('it does not wait where it may not, nor for an input that has nothing', t => {
  const impatient = merging({ a: [5], b: [2] }, { idleMs: 0 })
  impatient.log.arrive('a')
  t.deepEqual(impatient.drain(), ['a 5'])
  const empty = merging({ a: [5], b: [] }, { idleMs: 100 })
  empty.log.arrive('a')
  t.deepEqual(empty.drain(), ['a 5'])
})

test('other tasks go on meanwhile; ticks, which say that everything before has happened, wait', t => {
  const { log, drain } = merging({ a: [5], stranger: [7], ticks: [6], b: [2] }, { idleMs: 100 })
  log.arrive('a', 'stranger', 'ticks')
  t.deepEqual(drain(), ['stranger 7'])
  log.arrive('b')
  t.deepEqual(drain(), ['b 2', 'a 5', 'ticks 6'])
})

test('nothing is taken from an input that is held, nor from the ticks of its partition', t => {
  const { log, drain, inputs } = merging({ a: [5], ticks: [6] }, { idleMs: 0 })
  log.arrive('a', 'ticks')
  inputs[0].isHeld = true
  t.deepEqual(drain(), [])
  inputs[0].isHeld = false
  t.deepEqual(drain(), ['a 5', 'ticks 6'])
})

test('a record that cannot be told now is looked at again later; nothing of its task overtakes it', t => {
  const { log, clock, drain, untold } = merging({ a: [1, 2, 3], b: [4], stranger: [5] }, { idleMs: 0 })
  log.arrive('a', 'b', 'stranger')
  untold.add('a 2')
  t.deepEqual(drain(), ['a 1'])
  t.deepEqual(drain(), ['stranger 5'])
  clock.now = 5_000
  t.deepEqual(drain(), [])
  untold.clear()
  clock.now = 9_999
  t.deepEqual(drain(), [])
  clock.now = 10_000
  t.deepEqual(drain(), ['a 2', 'a 3', 'b 4'])
})

test('a run ends where a task must wait for the rest of an input; where only other tasks have records it goes on', t => {
  const waiting = merging({ a: [1, 9], b: [5] }, { idleMs: 100 })
  waiting.log.arriveUpTo('a', 1)
  waiting.log.arrive('b')
  t.deepEqual(waiting.drain(), ['a 1'])
  t.deepEqual(waiting.drain(), [])
  waiting.log.arrive('a')
  t.deepEqual(waiting.drain(), ['b 5', 'a 9'])
  const apart = merging({ a: [1, 9], stranger: [5] }, { idleMs: 100 })
  apart.log.arriveUpTo('a', 1)
  apart.log.arrive('stranger')
  t.deepEqual(apart.drain(), ['a 1', 'stranger 5'])
})
