import test from 'ava'
import { EmbeddedLog } from '../../engine/log/embedded-log.ts'
import { MemoryStore } from '../../engine/stores/memory-store.ts'
import type { SessionStep } from '../../schemas/session-step.ts'
import { sessionSteps } from '../../schemas/topics.ts'
import { type StepReader, StepTail } from './step-tail.ts'

const { name } = sessionSteps

async function topic() {
  const log = new EmbeddedLog(new MemoryStore())
  await log.ensureTopics([{ name, partitions: 1, cleanup: 'delete', recordBytesMax: 1 << 20 }])
  const append = (...ids: (string | null)[]) =>
    log.append(
      name,
      ids.map(id => ({ key: 's', value: id === null ? Buffer.from('bad') : encoded(id), timestamp: 1 }))
    )
  return { log, append }
}

function encoded(product_id: string): Buffer {
  const rest = { session: 's#0', session_id: 's', user_id: null, order_id: null, recommendation_id: null }
  return sessionSteps.value.encode({ ...rest, product_id, event_type: 'view', ts: 1, position: 0 })
}

class Taken implements StepReader {
  nextOffset: number
  readonly items: string[] = []

  constructor(nextOffset = 0) {
    this.nextOffset = nextOffset
  }

  observe({ product_id }: SessionStep, offset: number): void {
    this.nextOffset = offset + 1
    this.items.push(`${product_id}@${offset}`)
  }
}

const caughtUp = (tail: (onCaughtUp: () => void) => StepTail) =>
  new Promise<StepTail>(resolve => {
    const made: StepTail = tail(() => setImmediate(() => resolve(made)))
    made.poke()
  })

test('steps are taken in order, those that came later with the next poke', async t => {
  const { log, append } = await topic()
  await append('a', 'b')
  const steps = new Taken()
  const tail = await caughtUp(onCaughtUp => new StepTail({ log, steps, onCaughtUp }))
  t.deepEqual(steps.items, ['a@0', 'b@1'])
  await append('c')
  t.is(tail.left, 1)
  tail.poke()
  t.deepEqual(steps.items, ['a@0', 'b@1', 'c@2'])
  t.is(tail.left, 0)
})

test('a reader that was restored goes on where it stood', async t => {
  const { log, append } = await topic()
  await append('a', 'b', 'c')
  const steps = new Taken(2)
  await caughtUp(onCaughtUp => new StepTail({ log, steps, onCaughtUp }))
  t.deepEqual(steps.items, ['c@2'])
})

test('what cannot be read is left out, also at the end', async t => {
  const { log, append } = await topic()
  await append('a', null, 'b', null)
  const steps = new Taken()
  const tail = await caughtUp(onCaughtUp => new StepTail({ log, steps, onCaughtUp }))
  t.deepEqual(steps.items, ['a@0', 'b@2'])
  t.is(tail.left, 0)
})

test('a long topic is read in several turns, and the thread is free between them', async t => {
  const { log, append } = await topic()
  await append(...Array.from({ length: 20_000 }, (_, i) => `p${i}`))
  let turns = 0
  const slow = new Taken()
  const timer = setInterval(() => turns++, 1)
  await caughtUp(onCaughtUp => new StepTail({ log, steps: slow, onCaughtUp }))
  clearInterval(timer)
  t.is(slow.items.length, 20_000)
  t.true(turns > 0)
})

test('after the end nothing is read', async t => {
  const { log, append } = await topic()
  const steps = new Taken()
  const tail = await caughtUp(onCaughtUp => new StepTail({ log, steps, onCaughtUp }))
  tail.close()
  await append('a')
  tail.poke()
  t.deepEqual(steps.items, [])
})
