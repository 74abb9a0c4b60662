/**
 * Makes a fresh clone runnable: packages as the lockfile says, and a Node that runs TypeScript as it is.
 *
 * Plain JavaScript, because it runs on the Node that the host happens to have (18 and newer). It says nothing and takes
 * a few milliseconds when nothing is missing. npm puts node_modules/.bin first in PATH, so the `node` linked there is
 * the one that the rest of an npm script uses; a shell that already ran another `node` needs `hash -r` in between.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const nodeMin = [22, 22]
const nodeFetched = '24.21.0'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const modules = join(root, 'node_modules')
const claim = join(root, '.bootstrap-lock')
const npmQuiet = ['--no-audit', '--no-fund', '--loglevel=error']

if (!packagesAreCurrent() || !nodeIsCurrent()) {
  await alone(async () => {
    if (!packagesAreCurrent()) await installPackages()
    if (!nodeIsCurrent()) await fetchNode()
  })
}

/** Is every package of the lockfile there in that version? Platform packages of other machines are optional. */
function packagesAreCurrent() {
  const installed = join(modules, '.package-lock.json')
  if (!existsSync(installed)) return false
  const have = readLock(installed)
  const want = readLock(join(root, 'package-lock.json'))
  return Object.keys(want).every(
    path => path === '' || want[path].optional || have[path]?.version === want[path].version
  )
}

function readLock(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages
}

function nodeIsCurrent() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  return major > nodeMin[0] || (major === nodeMin[0] && minor >= nodeMin[1]) || existsSync(join(modules, '.bin/node'))
}

async function installPackages() {
  say('installing packages (once, less than a minute)')
  const command = existsSync(modules) ? ['install', '--no-save'] : ['ci']
  const { code, output } = await run('npm', [...command, '--include=dev', ...npmQuiet], root)
  if (code !== 0) fail('the packages could not be installed; see what npm says above, then try again', output)
}

/** The package `node` does the same in an install script, which newer npm versions do not run unasked. */
async function fetchNode() {
  const name = `${process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'}-${process.platform}-${process.arch}`
  const need = `Millrace needs Node ${nodeMin.join('.')} or newer and this is ${process.versions.node}`
  say(`${need}: fetching ${nodeFetched} for this folder alone`)

  const home = join(modules, '.node')
  mkdirSync(home, { recursive: true })
  const install = ['install', '--prefix', home, '--no-save', '--no-package-lock', ...npmQuiet, `${name}@${nodeFetched}`]
  const { code, output } = await run('npm', install, home)
  const byHand = `install Node ${nodeMin.join('.')} or newer by hand, then try again`
  if (code !== 0) fail(`${need}, and a newer one could not be fetched: ${byHand}`, output)

  const binary = join(home, 'node_modules', name, 'bin/node')
  const trial = await run(binary, ['--version'], root)
  if (trial.code !== 0) fail(`${need}, and the one that was fetched does not run here: ${byHand}`, trial.output)

  mkdirSync(join(modules, '.bin'), { recursive: true })
  rmSync(join(modules, '.bin/node'), { force: true })
  symlinkSync(`../.node/node_modules/${name}/bin/node`, join(modules, '.bin/node'))
}

/** Two scripts started at the same time must not install over each other. */
async function alone(work) {
  while (!claimed()) {
    if (holderIsGone()) rmSync(claim, { force: true })
    else await new Promise(resolve => setTimeout(resolve, 200))
  }
  process.once('exit', () => rmSync(claim, { force: true }))
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
  await work()
}

function claimed() {
  try {
    writeFileSync(claim, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') fail(`this folder cannot be written to (${error.code})`)
    return false
  }
}

function holderIsGone() {
  try {
    process.kill(Number(readFileSync(claim, 'utf8')), 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

/** `npm` and `node` by name: installing may replace the very Node that runs this. */
function run(command, args, cwd) {
  const env = { ...process.env, PATH: [process.env.PATH, dirname(process.execPath)].join(delimiter) }
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output += text
    })
  }
  return new Promise(resolve => {
    child.once('error', error => resolve({ code: 1, output: `${command}: ${error.message}` }))
    child.once('close', code => resolve({ code, output }))
  })
}

function say(text) {
  process.stderr.write(`millrace: ${text}\n`)
}

function fail(text, detail = '') {
  if (detail) process.stderr.write(`${detail.trim()}\n`)
  say(text)
  process.exit(1)
}
