import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { stop } from '../../../engine/errors.ts'
import type { Broker } from './broker.ts'
import { brokerJars } from './broker-jars.ts'

const logging = `-Dlog4j2.configurationFile=${fileURLToPath(new URL('log4j2.yaml', import.meta.url))}`
/** By name: the host's. */
const java = 'java'

/** Kafka's own console consumer under read_committed: the independent witness. One line per record, as it prints it. */
export async function javaReads(broker: Broker, topic: string, options: { count: number; format?: string[] }) {
  const lines = await tool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
    ...['--bootstrap-server', broker.address, '--topic', topic, '--isolation-level', 'read_committed'],
    ...['--from-beginning', '--max-messages', String(options.count), '--timeout-ms', '20000'],
    ...(options.format ?? []).flatMap(property => ['--formatter-property', property])
  ])
  return lines.split('\n').filter(line => line !== '')
}

/** JSON values to the end, which it takes for reached when nothing has come for some seconds (and says so on a line). */
export async function javaReadsAll(broker: Broker, topic: string): Promise<string[]> {
  const lines = await tool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
    ...['--bootstrap-server', broker.address, '--topic', topic, '--isolation-level', 'read_committed'],
    ...['--from-beginning', '--timeout-ms', '8000']
  ])
  return lines.split('\n').filter(line => line.startsWith('{'))
}

/** Kafka's own console producer; values of one line each. */
export async function javaWrites(
  broker: Broker,
  topic: string,
  { lines, compression }: { lines: string[]; compression: string }
) {
  const args = ['--bootstrap-server', broker.address, '--topic', topic, '--compression-codec', compression]
  await tool('org.apache.kafka.tools.ConsoleProducer', args, lines.map(line => `${line}\n`).join(''))
}

async function tool(main: string, args: string[], input = ''): Promise<string> {
  const child = spawn(
    java,
    ['-XX:TieredStopAtLevel=1', '-Xmx256m', logging, '-cp', await brokerJars(), main, ...args],
    {
      stdio: ['pipe', 'pipe', 'pipe']
    }
  )
  let output = ''
  let complaint = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    complaint += text
  })
  child.stdin.end(input)
  const [code] = await once(child, 'close')
  if (code !== 0) throw stop('kafka_tool', `${main} ended with ${code}: ${complaint.slice(-1000)}`)
  return output
}
