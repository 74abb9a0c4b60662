import test from 'ava'
import { isPartWanted } from './faults-flags.ts'

test('each part of the faults benchmark runs unless only the other one is asked for', t => {
  const wanted = (flags: Record<string, unknown>) =>
    (['embedded', 'kafka'] as const).filter(part => isPartWanted(part, flags))
  t.deepEqual(wanted({}), ['embedded', 'kafka'])
  t.deepEqual(wanted({ seed: '1', json: true }), ['embedded', 'kafka'])
  t.deepEqual(wanted({ kills: '20' }), ['embedded'])
  t.deepEqual(wanted({ unfenced: true }), ['kafka'])
  t.deepEqual(wanted({ kills: '20', events: '1000' }), ['embedded', 'kafka'])
})
