import test from 'ava'
import type { Impression } from '../schemas/act.ts'
import { impressions } from '../schemas/topics.ts'
import { ImpressionBatches } from './impression-batches.ts'

const impression = (recommendation_id: string): Impression => ({
  recommendation_id,
  surface: 'home',
  user_id: null,
  session_id: 's',
  ts: 1,
  product_ids: ['tea'],
  position_from: 1,
  fallback: false,
  retrieval: 'blend',
  retrieval_version: 1,
  model: null,
  model_version: null,
  experiment: null,
  variant: null
})

function gathered(answer: () => Promise<unknown> = async () => undefined) {
  const sent: string[][] = []
  const lost: number[] = []
  const batches = new ImpressionBatches({
    append: (topic, records) => {
      sent.push([topic, ...records.map(({ value }) => impressions.value.decode(value as Buffer).recommendation_id)])
      return answer()
    },
    onLost: count => lost.push(count)
  })
  return { batches, sent, lost }
}

test('impressions of several turns go out together, in order', async t => {
  const { batches, sent } = gathered()
  batches.add([impression('1')])
  await new Promise(resolve => setImmediate(resolve))
  batches.add([impression('2'), impression('3')])
  t.deepEqual(sent, [])
  for (let i = 0; i < 100 && sent.length === 0; i++) await new Promise(resolve => setTimeout(resolve, 10))
  t.deepEqual(sent, [['impressions', '1', '2', '3']])
})

test('a large batch does not wait, and what follows is a batch of its own', async t => {
  const { batches, sent } = gathered()
  for (let i = 0; i < 1001; i++) batches.add([impression(String(i))])
  t.deepEqual(
    sent.map(({ length }) => length - 1),
    [1000]
  )
  await batches.flush()
  t.deepEqual(sent[1], ['impressions', '1000'])
})

test('a flush waits until everything is kept, also what had left before', async t => {
  const kept: (() => void)[] = []
  const { batches } = gathered(() => new Promise<void>(resolve => kept.push(resolve)))
  let isFlushed = false
  for (let i = 0; i < 1000; i++) batches.add([impression(String(i))])
  batches.add([impression('last')])
  const flushed = batches.flush().then(() => {
    isFlushed = true
  })
  kept[1]()
  await new Promise(resolve => setImmediate(resolve))
  t.false(isFlushed)
  kept[0]()
  await flushed
  t.true(isFlushed)
})

test('an append that is refused costs its impressions and nothing else', async t => {
  let isFull = true
  const { batches, sent, lost } = gathered(async () => {
    if (isFull) throw new RangeError('full')
  })
  batches.add([impression('1')])
  await batches.flush()
  isFull = false
  batches.add([impression('2')])
  await batches.flush()
  t.deepEqual(sent, [
    ['impressions', '1'],
    ['impressions', '2']
  ])
  t.deepEqual(lost, [1])
})

test('while appends do not end no more is taken than fits, and all of it again afterwards', async t => {
  const kept: (() => void)[] = []
  const { batches } = gathered(() => new Promise<void>(resolve => kept.push(resolve)))
  let taken = 0
  while (batches.add([impression('x')])) taken++
  t.is(taken, 10_000)
  for (const keep of kept) keep()
  await batches.flush()
  t.true(batches.add([impression('y')]))
  kept[kept.length - 1]()
})
