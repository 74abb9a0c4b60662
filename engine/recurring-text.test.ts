import test from 'ava'
import { recurringText } from './recurring-text.ts'

const decode = (text: string) => recurringText(Buffer.from(`<${text}>`), 1, 1 + Buffer.byteLength(text))

test('decodes texts of any length, in ASCII and beyond', t => {
  for (const text of ['', 'a', 'sku_4711', 'Ærø', '東京', 'x'.repeat(40), 'y'.repeat(41), '\u0000', '\u007f\u0080']) {
    t.is(decode(text), text)
    t.is(decode(text), text)
  }
})

test('keeps texts apart that share their place, their length or their bytes', t => {
  const texts = Array.from({ length: 100_000 }, (_, i) => `sku_${i}`)
  for (const text of texts) t.true(decode(text) === text)
  for (const text of texts) t.true(decode(text) === text)
  t.is(decode('Ã©'), 'Ã©')
  t.is(decode('é'), 'é')
  t.is(recurringText(Buffer.from([0xc3, 0xa9]), 0, 2), 'é')
})
