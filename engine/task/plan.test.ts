import test from 'ava'
import { from, type Id, jsonCodec, processor, topic, topology, type ValueCodec, value, view } from '../index.ts'
import { plan } from './plan.ts'

type Key = Id<'key'>
type Text = { text: string }

function json<T>(): ValueCodec<T> {
  return { encode: value => Buffer.from(JSON.stringify(value)), decode: bytes => JSON.parse(bytes.toString()) as T }
}

const a = topic<Key, Text>('a', { value: json() })
const b = topic<Key, Text>('b', { value: json() })
const single = topic<Key, Text>('single', { value: json(), partitions: 1 })
const byWord = topic<Key, Text>('by-word', { value: json() })
const words = view<Key, Text>('words', { value: json(), equality: 'exact' })
const copies = topic<Key, Text>('copies', { value: json() })

const keep = (name: string) =>
  processor({
    name,
    state: { last: value(jsonCodec<Text>()) },
    process(
      { key, value }: { key: Key; value: Text; timestamp: number },
      state,
      emit: (key: Key, value: Text) => void
    ) {
      state.last.set(value)
      emit(key, value)
    },
    view: (_key: Key, state) => state.last.get() ?? null
  })

const counting = () =>
  topology('counting', { version: 3 })
    .from(a)
    .merge(from(b))
    .process(keep('first'))
    .through(byWord)
    .process(keep('second'))
    .to(words)
const copying = () =>
  topology('copying')
    .from(single)
    .map('copy', ({ key, value }) => ({ key, value }))
    .to(copies)
const options = { partitions: 4, namespace: 'shop' }

test('inline, a repartition is no topic and steps on both sides share their tasks', t => {
  const { sources, topics, subTopologies } = plan([counting(), copying()], options)
  t.deepEqual(
    sources.map(({ log }) => log),
    ['a', 'b', 'single']
  )
  t.deepEqual(topics.map(({ name, partitions }) => [name, partitions]).sort(), [
    ['a', 4],
    ['b', 4],
    ['copies', 4],
    ['shop.words.v3', 4],
    ['single', 1]
  ])
  t.deepEqual(
    subTopologies.map(({ name, partitions, steps }) => [name, partitions, steps.map(step => step.name)]),
    [
      ['a', 4, ['first', 'second']],
      ['single', 1, []]
    ]
  )
})

test('with topics, a repartition divides a topology into two, the second of which reads its topic', t => {
  const { topics, subTopologies } = plan([counting()], { ...options, repartition: 'topics' })
  const internal = 'shop.counting.v3.by-word-repartition'
  t.like(
    topics.find(({ name }) => name === internal),
    { partitions: 4, cleanup: 'delete', retentionMs: undefined }
  )
  t.deepEqual(subTopologies.map(({ name, steps }) => [name, steps.map(step => step.name)]).sort(), [
    ['a', ['first']],
    [internal, ['second']]
  ])
})

test('inputs of one step must have the same number of partitions', t => {
  const uneven = topology('uneven').from(a).merge(from(single)).process(keep('first')).to(words)
  t.throws(() => plan([uneven], options), { code: 'topology_not_copartitioned' })
})

test('a step that keeps one state for all keys must read a single partition', t => {
  const learner = () => processor({ name: 'learn', state: {}, stateKey: 'all', process() {} })
  t.throws(() => plan([topology('spread').from(a).process(learner())], options), { code: 'topology_state_key' })
  const { steps } = plan([topology('one').from(single).process(learner())], options)
  t.is(steps[0].partitions, 1)
})
