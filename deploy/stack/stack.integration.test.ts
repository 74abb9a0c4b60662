import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { runMillrace } from '../../serve/testing/run-millrace.ts'
import { kafka } from './kafka.ts'
import { isTaken } from './probes.ts'
import { redis } from './redis.ts'
import { registry } from './registry.ts'

const cwd = mkdtempSync(join(tmpdir(), 'millrace-stack-'))
const portBase = 20_000 + (process.pid % 10_000)
test.after.always(async () => {
  await millrace('down', '--wipe')
  rmSync(cwd, { recursive: true, force: true })
})

const millrace = (...args: string[]) => runMillrace(['stack', ...args], { cwd })
async function states(...args: string[]) {
  const { code, stdout, stderr } = await millrace(...args, '--json')
  if (stdout === '') throw new Error(stderr)
  return {
    code,
    services: JSON.parse(stdout) as { service: string; state: string; pid: number; address: string; detail: string }[]
  }
}

const stateOf = (services: { service: string; state: string }[]) =>
  services.map(({ service, state }) => `${service} ${state}`)

test.serial('names of services that there are not are refused', async t => {
  const { code, stderr } = await millrace('up', 'postgers')
  t.is(code, 2)
  t.regex(stderr, /There is no service postgers: there are kafka, registry, redis/)
})

test.serial('nothing runs before it is started', async t => {
  const { code, services } = await states('status')
  t.is(code, 3)
  t.deepEqual(stateOf(services), ['kafka stopped', 'registry stopped', 'redis stopped'])
  t.is((await millrace('down')).code, 0)
})

const missing = [kafka, registry, redis].map(recipe => recipe.missing()).find(sentence => sentence !== undefined)
const title = (text: string) => (missing ? `${text} (skipped: ${missing})` : text)
const story = missing ? test.skip : test.serial

story(title('up starts all servers, again changes nothing, and down ends them'), async t => {
  t.timeout(300_000)
  const first = await states('up', '--port-base', String(portBase))
  t.deepEqual(stateOf(first.services), ['kafka ready', 'registry ready', 'redis ready'], JSON.stringify(first.services))
  t.is(first.code, 0)
  const [, { address }] = first.services
  t.deepEqual(await (await fetch(`${address}/config`)).json(), { compatibilityLevel: 'BACKWARD' })

  const second = await states('up')
  t.deepEqual(
    second.services.map(({ pid }) => pid),
    first.services.map(({ pid }) => pid)
  )
  t.is((await states('status')).code, 0)
  t.regex((await millrace('logs', 'kafka')).stdout, /Transition from STARTING to STARTED/)

  const { services } = await states('down')
  t.deepEqual(stateOf(services), ['kafka stopped', 'registry stopped', 'redis stopped'])
  for (let port = portBase; port < portBase + 5; port++) t.false(await isTaken(port))
  t.true(existsSync(join(cwd, '.millrace-stack/kafka/data/meta.properties')))
})

story(title('a server that ended by itself is dead, and up starts it anew'), async t => {
  const first = await states('up', 'redis', '--port-base', String(portBase))
  process.kill(first.services[0].pid, 'SIGKILL')
  await new Promise(resolve => setTimeout(resolve, 300))
  t.deepEqual(stateOf((await states('status', 'redis')).services), ['redis dead'])
  const second = await states('up', 'redis', '--port-base', String(portBase))
  t.deepEqual(stateOf(second.services), ['redis ready'])
  await states('down', 'redis', '--wipe')
  t.false(existsSync(join(cwd, '.millrace-stack/redis')))
})

story(title('a note of a process that is another one now ends nobody'), async t => {
  const { services } = await states('up', 'redis', '--port-base', String(portBase))
  const note = join(cwd, '.millrace-stack/redis/process.json')
  const text = readFileSync(note, 'utf8')
  writeFileSync(note, JSON.stringify({ ...JSON.parse(text), started: 'another time' }))
  t.is((await states('down', 'redis')).services[0].detail, 'did not run')
  t.notThrows(() => process.kill(services[0].pid, 0))
  writeFileSync(note, text)
  t.is((await states('down', 'redis')).services[0].detail, 'ended')
})

story(title('a port that another program has is said, and the others start all the same'), async t => {
  const other = createServer().listen(portBase, '127.0.0.1')
  await new Promise(resolve => other.once('listening', resolve))
  const { code, services } = await states('up', 'kafka', 'redis', '--port-base', String(portBase))
  other.close()
  t.is(code, 1)
  t.deepEqual(stateOf(services), ['kafka failed', 'redis ready'])
  t.regex(services[0].detail, new RegExp(`Port ${portBase} is taken`))
  await states('down')
})
