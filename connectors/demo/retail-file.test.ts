import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { codeOf } from '../../engine/errors.ts'
import { packRetail } from './pack.ts'
import { csvHeader, parseRetailText, readRetailFile, retailCsv } from './retail-file.ts'

test('the bundled file holds the original, byte for byte', t => {
  const hash = createHash('sha256')
  let rows = -1
  for (const piece of retailCsv(readRetailFile())) {
    hash.update(piece)
    rows += piece.split('\n').length - 1
  }
  t.is(rows, 541_909)
  t.is(hash.digest('hex'), 'c35975c40d0e1e105090fbb11188a409393055f873841bd012915475fc84e69f')
})

test('counts are those of the data set', t => {
  const file = readRetailFile()
  t.is(file.lines.count, 541_909)
  t.is(new Set(file.invoices.numbers).size, 25_900)
  t.is(file.codes.length, 4070)
  t.is(file.countries.length, 38)
  t.is(new Set(file.invoices.customers).size, 4372 + 1)
})

const small = `${csvHeader}
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
536365,22041,"RECORD FRAME 7"" SINGLE, SIZE ",48,2010-12-01 08:27:00,2.1,17850.0,United Kingdom
C536379,D,Discount,-1,2010-12-01 09:41:00,27.5,,EIRE
536380,22041,,1,2010-12-01 09:41:00,0.0,,EIRE
`

test('what is packed is unpacked again: quotes, spaces, empty cells, a second minute within an invoice', async t => {
  async function* pieces() {
    yield small.slice(0, 100)
    yield small.slice(100)
  }
  const packed = await packRetail(pieces())
  t.is([...retailCsv(parseRetailText(Buffer.from(packed)))].join(''), small)
})

test('a damaged file is named, and what to do', t => {
  const path = join(tmpdir(), `millrace-damaged-${process.pid}.txt.br`)
  writeFileSync(path, 'not brotli')
  t.is(codeOf(t.throws(() => readRetailFile(path), { message: /install the package again/ })), 'demo_data_damaged')
})
