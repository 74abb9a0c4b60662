import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { parse } from 'yaml'
import { namedKeys } from '../../schemas/config-keys.ts'
import { type Service, services } from './manifest.ts'

/** docker-compose.yml and the Dockerfile: the same servers as the manifest, and the rules that keep containers safe. */

const root = fileURLToPath(new URL('../..', import.meta.url))
const composeText = readFileSync(`${root}docker-compose.yml`, 'utf8')
const dockerfile = readFileSync(`${root}Dockerfile`, 'utf8')
const compose = parse(composeText, { merge: true }) as { services: Record<string, any>; volumes: Record<string, null> }
const ours = Object.entries(compose.services).filter(([name]) => !services.some(service => service.name === name))

/** As the images take them: Kafka's and Quarkus' from variables, Redis' from the command line. */
function settingsIn({ name, settings }: Service, { environment, command }: any): unknown {
  if (name === 'redis') return command
  const prefix = name === 'kafka' ? 'KAFKA_' : ''
  const variables = Object.keys(settings).map(key => prefix + key.toUpperCase().replaceAll(/[.-]/g, '_'))
  return variables.map(variable => environment[variable])
}

for (const service of services) {
  const { name, image, ports, settings, limits, dataDirectory, readyWithinMs, stopWithinMs, health, jvm } = service
  test(`${name} is the same with containers and without`, t => {
    const found = compose.services[name]
    t.is(found.image, image)
    const [client] = Object.values(ports)
    t.deepEqual(found.ports, [`127.0.0.1:${client}:${client}`])
    const flags = ['redis-server', ...Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value])]
    t.deepEqual(settingsIn(service, found), name === 'redis' ? flags : Object.values(settings))
    t.deepEqual(found.deploy.resources.limits, { cpus: String(limits.cpus), memory: `${limits.memoryMb}m` })
    t.is(found.healthcheck.start_period, `${readyWithinMs / 1000}s`)
    t.is(found.stop_grace_period, `${stopWithinMs / 1000}s`)
    t.deepEqual(found.volumes ?? [], dataDirectory ? [`${name}-data:${dataDirectory}`] : [])
    const asked = found.healthcheck.test.join(' ')
    t.true(name === 'redis' || asked.includes(`/dev/tcp/127.0.0.1/${ports[health.port]}`))
    if (health.path) t.true(asked.includes(`GET ${health.path} `))
    if (jvm) t.true(Object.values(found.environment).includes(jvm.join(' ')))
  })
}

test('two workers and two replicas run, each with a name and a volume of its own', t => {
  t.deepEqual(
    ours.map(([name, { command }]) => [name, command[0]]),
    [
      ['stream-1', 'stream'],
      ['stream-2', 'stream'],
      ['serve-1', 'serve'],
      ['serve-2', 'serve']
    ]
  )
  for (const [name, { volumes, command }] of ours) {
    t.deepEqual(volumes, [`${name}-data:/var/lib/millrace`])
    if (command[0] === 'stream') t.deepEqual(command, ['stream', '--name', name])
  }
})

test('what our own services are told are keys that there are', t => {
  const variables = namedKeys.map(({ variable }) => variable)
  for (const [, { environment }] of ours) {
    t.deepEqual(
      Object.keys(environment).filter(name => !variables.includes(name)),
      []
    )
    t.is(environment.MILLRACE_LOG, 'kafka')
  }
  const named = [...dockerfile.matchAll(/\b(MILLRACE_\w+)=/g)].map(([, name]) => name)
  t.deepEqual(
    named.filter(name => !variables.includes(name)),
    []
  )
})

test('every service has limits, starts again, waits for what it needs, and is published on loopback only', t => {
  for (const [name, service] of Object.entries(compose.services)) {
    t.regex(service.deploy.resources.limits.memory, /^\d+m$/, name)
    t.truthy(service.deploy.resources.limits.cpus, name)
    t.is(service.restart, 'unless-stopped', name)
    for (const port of service.ports ?? []) t.regex(port, /^127\.0\.0\.1:\d+:\d+$/, name)
    for (const [needed, { condition }] of Object.entries<any>(service.depends_on ?? {})) {
      t.is(condition, 'service_healthy')
      t.truthy(compose.services[needed].healthcheck, needed)
    }
  }
  const published = Object.values(compose.services).flatMap(({ ports = [] }) => ports)
  t.is(new Set(published.map((port: string) => port.split(':')[1])).size, published.length)
})

test('every volume is declared and used by one service', t => {
  const used = Object.values(compose.services).flatMap(({ volumes = [] }) =>
    volumes.map((one: string) => one.split(':')[0])
  )
  t.deepEqual(used.toSorted(), Object.keys(compose.volumes).toSorted())
})

test('no image floats', t => {
  const images = [
    ...Object.values(compose.services).map(({ image }) => image),
    ...[...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image)
  ]
  for (const image of images) t.regex(image, /:(\d+\.\d+\.\d+(-[a-z]+)*|local)$/)
})

test('the image is made of few, exact and safe steps', t => {
  const steps = dockerfile
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter(line => /^[A-Z]+ /.test(line))
  const values = (name: string) =>
    steps.filter(step => step.startsWith(`${name} `)).map(step => step.slice(name.length + 1))
  const final = steps.slice(steps.findLastIndex(step => step.startsWith('FROM ')))
  t.deepEqual(values('ADD'), [], 'COPY says what it does')
  t.deepEqual(values('USER'), ['1000:1000'])
  t.true(
    final.some(step => step.startsWith('USER ')),
    'not root'
  )
  t.false(final.slice(final.findIndex(step => step.startsWith('USER '))).some(step => step.startsWith('RUN ')))
  t.is(values('HEALTHCHECK').length, 1)
  t.regex(values('ENTRYPOINT')[0], /^\[/, 'no shell stands between signals and the process')
  t.regex(values('CMD').at(-1) as string, /^\[/)
  t.true(values('RUN').every(run => !/\b(sudo|curl|wget)\b|apt-get upgrade/.test(run)))
  t.true(values('RUN').some(run => run.includes('npm ci --omit=dev')))
  t.is(
    values('WORKDIR').every(path => path.startsWith('/')),
    true
  )
})

test('the image holds every folder that the program imports from, and no tests', t => {
  const ignored = readFileSync(`${root}.dockerignore`, 'utf8').split('\n')
  const copied = [...dockerfile.matchAll(/^COPY (?!--)(.+) \.\/\S*$/gm)].flatMap(([, paths]) => paths.split(' '))
  for (const path of copied) {
    t.true(existsSync(root + path), path)
    t.true(ignored.includes(`!${path}`), `${path} is let through by .dockerignore`)
  }
  for (const folder of [
    'engine',
    'schemas',
    'recommend',
    'processors',
    'topologies',
    'connectors',
    'serve',
    'deploy'
  ]) {
    t.true(copied.includes(folder), folder)
  }
  t.true(ignored.includes('**/*.test.ts'))
})

test('the image runs the Node that is also fetched where there is none', t => {
  const [, fetched] = /nodeFetched = '([^']+)'/.exec(readFileSync(`${root}deploy/bootstrap.mjs`, 'utf8')) ?? []
  const images = [...dockerfile.matchAll(/^FROM node:(\S+?)-/gm)].map(([, version]) => version)
  t.deepEqual(images, [fetched, fetched])
})

const hasCompose = spawnSync('docker-compose', ['version'], { stdio: 'ignore' }).status === 0
const checked = hasCompose ? test : test.skip
checked(`docker-compose accepts the file${hasCompose ? '' : ' (skipped: install docker-compose)'}`, t => {
  const { status, stderr } = spawnSync('docker-compose', ['-f', `${root}docker-compose.yml`, 'config', '-q'], {
    encoding: 'utf8'
  })
  t.is(status, 0, stderr)
})
