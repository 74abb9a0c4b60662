import { parseArgs } from 'node:util'
import { messageOf } from '../../engine/errors.ts'
import { evaluate } from './command.ts'
import { evaluateOptions } from './options.ts'

/** `node reprocess/evaluate/main.ts --train F --test F`: the command alone, without the rest of Millrace. */
try {
  const { values, positionals } = parseArgs({ options: evaluateOptions, allowPositionals: true })
  const compare = values.compare === undefined ? undefined : [values.compare, ...positionals]
  await evaluate({ ...values, compare }, { print: text => console.log(text), progress: showProgress })
} catch (error) {
  console.error(messageOf(error))
  process.exitCode = 1
}

function showProgress(label: string, done: number, total: number): void {
  if (!process.stderr.isTTY) return
  const filled = Math.round((20 * done) / total)
  process.stderr.write(
    `\r\x1b[2K${label}  ${'█'.repeat(filled)}${'░'.repeat(20 - filled)} ${Math.floor((100 * done) / total)} %`
  )
  if (done + 4096 >= total) process.stderr.write('\r\x1b[2K')
}
