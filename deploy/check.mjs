/**
 * Everything that must hold before a change lands: `npm run check`; `npm run check -- --static` leaves the tests out.
 *
 * All checks run even when one fails, so that one run shows everything there is to mend.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { closingLine, isGood, runTests } from './test.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const modules = 'node_modules'

const checks = [
  { name: 'format and lint', command: [`${modules}/@biomejs/biome/bin/biome`, 'check', '--error-on-warnings', '.'] },
  { name: 'types', command: [`${modules}/typescript/bin/tsc`, '--noEmit'] },
  { name: 'layers', command: ['deploy/layers.mjs'] },
  { name: 'unused code', command: [`${modules}/knip/bin/knip.js`, '--no-progress', '--treat-config-hints-as-errors'] },
  { name: 'generated pages are current', command: ['docs/generate.ts', '--check'] }
]

const broken = []
for (const { name, command } of checks.filter(({ command }) => existsSync(`${root}/${command[0]}`))) {
  const startedMs = performance.now()
  const { code, output } = await run(command)
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  console.log(`${code === 0 ? '✓' : '✗'} ${name} (${seconds} s)`)
  if (code !== 0) {
    broken.push(name)
    console.log(output.trim())
  }
}

const total = process.argv.includes('--static') ? undefined : await runTests()
const good = total === undefined || isGood(total)
console.log(`\n${broken.length === 0 ? 'all static checks hold' : `broken: ${broken.join(', ')}`}`)
if (total) console.log(closingLine(total))
process.exitCode = good && broken.length === 0 ? 0 : 1

function run([script, ...args]) {
  const child = spawn(process.execPath, [script, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output += text
    })
  }
  return new Promise(resolve => child.once('close', code => resolve({ code, output })))
}
