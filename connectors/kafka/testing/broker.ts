import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { stop } from '../../../engine/errors.ts'
import { brokerJars } from './broker-jars.ts'

const run = promisify(execFile)
const logging = `-Dlog4j2.configurationFile=${fileURLToPath(new URL('log4j2.yaml', import.meta.url))}`
/** By name: the host's. */
const java = 'java'
const readyWithinMs = 90_000

export interface BrokerOptions {
  /** Added to `server.properties`. */
  properties?: Readonly<Record<string, string>>
  /** Arguments of the format tool, such as users. */
  format?: readonly string[]
  /** Address that clients are told, when something stands in between. */
  advertisedPort?: number
  /** Of a single broker; any free one unless given. */
  port?: number
}

interface NodeSettings {
  id: number
  folder: string
  port: number
  controllerPort: number
  format: readonly string[]
  properties: Readonly<Record<string, string>>
}

/** One real broker process on loopback; whoever starts it stops it. */
export class Broker {
  readonly port: number
  readonly folder: string
  readonly #settings: NodeSettings
  #process: ChildProcess | undefined

  constructor(settings: NodeSettings) {
    this.#settings = settings
    this.port = settings.port
    this.folder = settings.folder
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  /** Writes the configuration and an empty data folder. */
  async format(cluster: string): Promise<void> {
    const { folder, properties, format } = this.#settings
    const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}`)
    await writeFile(join(folder, 'server.properties'), `${lines.join('\n')}\n`)
    const tool = ['kafka.tools.StorageTool', 'format', '-t', cluster, '-c', join(folder, 'server.properties')]
    await run(java, ['-XX:TieredStopAtLevel=1', logging, '-cp', await brokerJars(), ...tool, ...format])
  }

  async start(): Promise<void> {
    const { folder } = this.#settings
    const jvm = ['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:+ExitOnOutOfMemoryError']
    const args = [...jvm, logging, '-cp', await brokerJars(), 'kafka.Kafka', join(folder, 'server.properties')]
    const child = spawn(java, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const log = createWriteStream(join(folder, 'broker.log'), { flags: 'a' })
    child.stdout.pipe(log, { end: false })
    child.stderr.pipe(log, { end: false })
    this.#process = child
    // A test process that ends early leaves no broker behind (one that is killed does).
    const end = () => child.kill('SIGKILL')
    process.once('exit', end)
    child.once('exit', () => process.off('exit', end))
    await this.ready()
  }

  /** It answers ApiVersions on its client port. */
  async ready(): Promise<void> {
    const until = Date.now() + readyWithinMs
    while (!(await answersApiVersions(this.port))) {
      if (this.#process?.exitCode !== null || Date.now() > until) {
        const log = await readFile(join(this.folder, 'broker.log'), 'utf8')
        throw stop('kafka_broker', `The test's broker does not start: ${log.slice(-2000)}`)
      }
      await sleep(100)
    }
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#process
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
    await once(child, 'exit')
    clearTimeout(timer)
  }

  freeze(): void {
    this.#process?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#process?.kill('SIGCONT')
  }
}

export class BrokerCluster {
  readonly nodes: readonly Broker[]
  readonly #folder: string

  constructor(nodes: readonly Broker[], folder: string) {
    this.nodes = nodes
    this.#folder = folder
  }

  get addresses(): string[] {
    return this.nodes.map(({ address }) => address)
  }

  /** Ends the processes and removes their data. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map(node => node.stop()))
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** `count` nodes, each broker and controller; three have replication factor 3 and need two in sync. */
export async function startBrokers(count: 1 | 3, options: BrokerOptions = {}): Promise<BrokerCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-kafka-'))
  const cluster = newId()
  const ports = await freePorts(count * 2)
  if (options.port) ports[0] = options.port
  const controllers = Array.from({ length: count }, (_, i) => ({ port: ports[count + i], id: newId() }))
  const voters = controllers.map(({ port, id }, i) => `${i + 1}@127.0.0.1:${port}:${id}`).join(',')
  const nodes: Broker[] = []
  for (let i = 0; i < count; i++) {
    const nodeFolder = await mkdtemp(join(folder, `node-${i + 1}-`))
    const node = { id: i + 1, folder: nodeFolder, port: ports[i], controllerPort: ports[count + i] }
    const properties = {
      ...propertiesOf(
        node,
        controllers.map(({ port }) => port),
        options.advertisedPort
      ),
      ...options.properties
    }
    const format = [...(count === 1 ? ['--standalone'] : ['--initial-controllers', voters]), ...(options.format ?? [])]
    nodes.push(new Broker({ ...node, properties, format }))
  }
  try {
    for (const node of nodes) await node.format(cluster)
    await Promise.all(nodes.map(node => node.start()))
  } catch (error) {
    await new BrokerCluster(nodes, folder).stop()
    throw error
  }
  return new BrokerCluster(nodes, folder)
}

function propertiesOf(
  { id, folder, port, controllerPort }: { id: number; folder: string; port: number; controllerPort: number },
  controllers: readonly number[],
  advertisedPort = port
): Record<string, string> {
  const factor = String(controllers.length)
  const inSync = controllers.length === 1 ? '1' : '2'
  return {
    'process.roles': 'broker,controller',
    'node.id': String(id),
    'log.dirs': join(folder, 'data'),
    'controller.quorum.bootstrap.servers': controllers.map(one => `127.0.0.1:${one}`).join(','),
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${advertisedPort},CONTROLLER://127.0.0.1:${controllerPort}`,
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map':
      'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL',
    'auto.create.topics.enable': 'false',
    'min.insync.replicas': inSync,
    'default.replication.factor': factor,
    'offsets.topic.replication.factor': factor,
    'offsets.topic.num.partitions': '3',
    'transaction.state.log.replication.factor': factor,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': '3',
    'share.coordinator.state.topic.replication.factor': factor,
    'share.coordinator.state.topic.min.isr': inSync,
    'broker.session.timeout.ms': '6000',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
    'log.segment.bytes': '16777216',
    'log.cleaner.dedupe.buffer.size': '16777216',
    'log.cleaner.backoff.ms': '500',
    'num.io.threads': '4',
    'num.network.threads': '2'
  }
}

/** A Kafka Uuid; never with a leading dash, which the format tool takes for an option. */
function newId(): string {
  return randomBytes(16).toString('base64url').replace(/^-/, 'A')
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    })
  )
  return servers.map(server => {
    const address = server.address()
    server.close()
    return typeof address === 'object' && address ? address.port : 0
  })
}

function answersApiVersions(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createConnection(port, '127.0.0.1')
    const done = (isReady: boolean) => {
      socket.destroy()
      resolve(isReady)
    }
    socket.setTimeout(1000, () => done(false))
    socket.once('error', () => done(false))
    socket.once('data', () => done(true))
    // Length, api key 18, version 0, correlation id 1, no client id.
    socket.once('connect', () => socket.write(Buffer.from('0000000a00120000' + '00000001ffff', 'hex')))
  })
}
