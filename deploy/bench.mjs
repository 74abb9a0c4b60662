/**
 * Runs benchmarks: `npm run bench` for all, `npm run bench -- NAME… [--json] [options of the benchmark]`.
 *
 * The benchmark NAME is the file NAME.bench.ts, run as a program. With --json its standard output is left alone: one
 * line per figure. They follow one another, since two on the same machine would measure each other.
 */
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const suffix = '.bench.ts'

const files = globSync(`**/*${suffix}`, { cwd: root, exclude: name => ['node_modules', '.git', 'dist'].includes(name) })
/** Several files of one name are parts of one benchmark. */
const benches = Map.groupBy(files.sort(), file => basename(file, suffix))

const args = process.argv.slice(2)
const firstOption = args.findIndex(arg => arg.startsWith('-'))
const names = firstOption === -1 ? args : args.slice(0, firstOption)
const options = args.slice(names.length)

const unknown = names.filter(name => !benches.has(name))
if (unknown.length > 0) {
  console.error(`no benchmark called ${unknown.join(', ')}; there are: ${[...benches.keys()].join(', ') || 'none yet'}`)
  process.exit(2)
}

for (const name of names.length > 0 ? names : benches.keys()) {
  for (const file of benches.get(name)) {
    process.stderr.write(`\n# ${name} (${file})\n`)
    const code = await run(file)
    if (code === 0) continue
    process.stderr.write(`${name} failed\n`)
    process.exitCode = 1
  }
}

function run(file) {
  const child = spawn(process.execPath, [file, ...options], { cwd: root, stdio: 'inherit' })
  return new Promise(resolve => child.once('close', resolve))
}
