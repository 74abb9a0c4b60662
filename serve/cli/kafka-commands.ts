import type { Command } from 'commander'
import type { CommandContext } from './context.ts'
import { type CommonOptions, configOf, leaf } from './leaf.ts'

interface StreamOptions extends CommonOptions {
  threads?: string
  name?: string
  adminPort?: string
  drain?: boolean
}

interface ServeOptions extends CommonOptions {
  port?: string
  adminPort?: string
  insecure?: boolean
}

/** The two kinds of processes on Kafka. */
export function addKafka(program: Command, context: CommandContext): void {
  addStream(program, context)
  addServe(program, context)
}

function addStream(program: Command, context: CommandContext): void {
  leaf(program, {
    usage: 'stream',
    summary: 'run topologies on Kafka, as one of any number of workers',
    examples: ['stream', 'stream --threads 4 --data worker-1 --admin-port 9091', 'stream --drain --data worker-1']
  })
    .option('--threads <n>', 'threads, each with tasks and state of its own (stream.threads)')
    .option('--name <name>', 'name of the worker, kept in the data directory (stream.name)')
    .option('--admin-port <port>', 'port of health and metrics (admin.port)')
    .option('--drain', 'tell the worker that runs on the data directory to commit, hand over its tasks and end')
    .action(async ({ threads, name, adminPort, drain, ...options }: StreamOptions) => {
      const flags = { log: 'kafka', 'stream.threads': threads, 'stream.name': name, 'admin.port': adminPort }
      const loaded = configOf(options, flags)
      await (drain ? context.drainStream(loaded) : context.stream(loaded))
    })
}

function addServe(program: Command, context: CommandContext): void {
  leaf(program, {
    usage: 'serve',
    summary: 'answer from the views on Kafka, as one of any number of replicas',
    examples: ['serve', 'serve --port 8081 --admin-port 9092 --data replica-1']
  })
    .option('--port <port>', 'port of the public API (http.port)')
    .option('--admin-port <port>', 'port of health and metrics (admin.port)')
    .option('--insecure', 'listen beyond loopback although there are no API keys')
    .action(async ({ port, adminPort, insecure, ...options }: ServeOptions) => {
      const flags = { log: 'kafka', 'http.port': port, 'admin.port': adminPort, insecure }
      await context.serve(configOf(options, flags))
    })
}
