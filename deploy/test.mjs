/**
 * Runs the tests, tier by tier: `npm test`, or `npm test -- engine/log recommend` for the files whose path contains a word.
 *
 * On two cores the tiers follow one another, and tests that start servers run one file at a time. A test that lacks a
 * tool skips itself and names it in its title; with CI=true a skipped test is a failure.
 */
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { tapReader } from './tap.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const isIntegration = file => file.endsWith('.integration.test.ts')

const tiers = [
  { name: 'unit', holds: file => !isIntegration(file), concurrency: 2, timeout: '2m' },
  { name: 'integration', holds: isIntegration, concurrency: 1, timeout: '5m' }
]

export async function runTests(words = []) {
  const files = testFiles(words)
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const tier of tiers) {
    const chosen = files.filter(tier.holds)
    if (chosen.length === 0) continue
    const result = await runTier(tier, chosen)
    for (const key of Object.keys(total)) total[key] += result[key]
  }
  return total
}

export function isGood({ passed, failed, skipped }) {
  if (passed + failed === 0) console.log('no test ran')
  if (skipped > 0 && process.env.CI === 'true')
    console.log('with CI=true a skipped test is a failure: install what it names')
  return failed === 0 && passed > 0 && (skipped === 0 || process.env.CI !== 'true')
}

/** The last line of every run, alone on its line, so that machines can read it. */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

function testFiles(words) {
  return globSync('**/*.test.ts', { cwd: root, exclude: name => ['node_modules', '.git', 'dist'].includes(name) })
    .filter(file => words.length === 0 || words.some(word => file.includes(word)))
    .sort()
}

async function runTier({ name, concurrency, timeout }, files) {
  console.log(`\n${name}: ${files.length} files`)
  const startedMs = performance.now()
  const tap = tapReader()
  const args = ['node_modules/ava/entrypoints/cli.mjs', '--tap', `--concurrency=${concurrency}`, `--timeout=${timeout}`]
  const ava = spawn(process.execPath, [...args, ...files], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise(resolve => ava.once('close', (code, signal) => resolve(code ?? signal)))
  for await (const line of createInterface({ input: ava.stdout })) tap.line(line)

  const { result } = tap
  const code = await exited
  if (code !== 0 && result.failed === 0) {
    result.failed++
    result.failures.push({ title: `the test runner stopped with ${code}`, detail: [] })
  }
  report(name, result, (performance.now() - startedMs) / 1000)
  return result
}

function report(name, result, seconds) {
  for (const title of result.skips) console.log(`  – skipped: ${title}`)
  for (const { title, detail } of result.failures)
    console.log([`  ✗ ${title}`, ...detail.map(line => `    ${line}`)].join('\n'))
  console.log(
    `${name}: ${closingLine(result).replaceAll(',', ' ·')} in ${(seconds / 60).toFixed(1)} min (${seconds.toFixed(1)} s)`
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const total = await runTests(process.argv.slice(2))
  const good = isGood(total)
  console.log(`\n${closingLine(total)}`)
  process.exitCode = good ? 0 : 1
}
