import test from 'ava'
import { packRecords } from '../../engine/ports/packed-records.ts'
import { ArrivedSteps } from './arrived-steps.ts'

const message = (offsets: number[], nextOffset: number) => ({
  type: 'steps' as const,
  records: packRecords(offsets.map(offset => ({ key: null, value: Buffer.from(`v${offset}`), timestamp: offset }))),
  offsets,
  nextOffset
})

test('batches come in order with their offsets; one is applied when what is behind it is asked for', t => {
  let applied = 0
  const steps = new ArrivedSteps('session-steps', 5, () => applied++)
  t.is(steps.read('', 0, 5), null)
  steps.add(message([5, 6, 8], 10))
  steps.add(message([11], 12))
  t.is(steps.endOffset(), 12)
  const first = steps.read('', 0, 5)
  t.deepEqual([first?.count, first?.offset(2), first?.value(2)?.toString(), applied], [3, 8, 'v8', 0])
  t.is(steps.read('', 0, 10)?.offset(0), 11)
  t.is(applied, 1)
  t.is(steps.read('', 0, 12), null)
  t.is(applied, 2)
})
