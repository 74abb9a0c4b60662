import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { stop } from '../../engine/errors.ts'
import { findJava } from './java.ts'
import { serviceNamed } from './manifest.ts'
import { fetchKafka, hasKafka, hasMaven } from './packages.ts'
import type { Recipe, Site } from './recipe.ts'

const javaMin = 17
const service = serviceNamed('kafka')

export const kafka: Recipe = {
  missing() {
    if (!findJava(javaMin)) return `Install Java ${javaMin} or newer, or set JAVA_HOME to one.`
    return hasKafka() || hasMaven() ? undefined : 'Install Maven, which fetches the jars.'
  },

  async prepare(site) {
    if (!hasKafka()) site.say('fetching the jars of Kafka')
    const run = { java: findJava(javaMin) as string, classPath: await fetchKafka(), ...filesOf(site) }
    await writeFile(run.properties, lines(propertiesOf(site)))
    await writeFile(run.logging, lines(logging))
    const jvm = [`-Dlog4j2.configurationFile=${run.logging}`, '-cp', run.classPath]
    if (!existsSync(join(run.data, 'meta.properties'))) {
      site.say('formatting')
      await format(run.java, [...jvm, 'kafka.tools.StorageTool', 'format', '--standalone', '-c', run.properties])
    }
    const options = [...(service.jvm ?? []), '-XX:+UseSerialGC', '-XX:+ExitOnOutOfMemoryError']
    return { command: run.java, args: [...options, ...jvm, 'kafka.Kafka', run.properties] }
  }
}

function filesOf({ folder }: Site) {
  return {
    data: join(folder, 'data'),
    properties: join(folder, 'server.properties'),
    logging: join(folder, 'log4j2.properties')
  }
}

function propertiesOf(site: Site): Record<string, string> {
  const { client, controller } = site.ports
  return {
    ...service.settings,
    'log.dirs': filesOf(site).data,
    listeners: `PLAINTEXT://127.0.0.1:${client},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${client},CONTROLLER://127.0.0.1:${controller}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controller}`
  }
}

async function format(java: string, args: readonly string[]): Promise<void> {
  // The tool takes an id with a leading dash for an option.
  const cluster = randomBytes(16).toString('base64url').replace(/^-/, 'A')
  try {
    await promisify(execFile)(java, ['-XX:TieredStopAtLevel=1', ...args, '-t', cluster])
  } catch (error) {
    throw stop('stack_service_failed', 'The directory of Kafka cannot be formatted: see its cause.', error)
  }
}

const logging: Record<string, string> = {
  'rootLogger.level': 'warn',
  'rootLogger.appenderRef.out.ref': 'out',
  'appender.out.type': 'Console',
  'appender.out.name': 'out',
  'appender.out.layout.type': 'PatternLayout',
  'appender.out.layout.pattern': '[%d] %p %m (%c)%n',
  'logger.server.name': 'kafka.server.BrokerServer',
  'logger.server.level': 'info',
  'logger.groups.name': 'org.apache.kafka.coordinator',
  'logger.groups.level': 'info'
}

function lines(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}
