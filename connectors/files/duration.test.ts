import test from 'ava'
import { codeOf } from '../../engine/errors.ts'
import { parseDuration } from './duration.ts'

const hour = 3_600_000

test('weeks, days, hours, minutes and seconds, either way', t => {
  t.is(parseDuration('P52W'), 52 * 7 * 24 * hour)
  t.is(parseDuration('-P1D'), -24 * hour)
  t.is(parseDuration('P1DT12H30M1.5S'), 36.5 * hour + 1500)
  t.is(parseDuration('PT0S'), 0)
})

test('what has no fixed length or no sense is refused', t => {
  for (const text of ['', 'P', 'PT', 'P1Y', 'P1M', '52W', 'P1H', 'P-1D', 'P1D ', 'p1d']) {
    t.is(codeOf(t.throws(() => parseDuration(text))), 'bad_duration', text)
  }
})
