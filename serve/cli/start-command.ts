import type { Command } from 'commander'
import type { CommandContext } from './context.ts'
import { type CommonOptions, configOf, leaf } from './leaf.ts'

interface StartOptions extends CommonOptions {
  port?: string
  adminPort?: string
  demo?: boolean
  acceptLoss?: boolean
  insecure?: boolean
}

export function addStart(program: Command, context: CommandContext): void {
  leaf(program, {
    usage: 'start',
    summary: 'run everything in one process, on the embedded log',
    examples: ['start', 'start --data shop --port 8081 --admin-port 9091 --no-demo']
  })
    .option('--port <port>', 'port of the public API (http.port)')
    .option('--admin-port <port>', 'port of health, metrics and the commands (admin.port)')
    .option('--demo', 'load the bundled demo shop, also beside data of your own')
    .option('--no-demo', 'never load it')
    .option('--accept-loss', 'go on although acknowledged data is missing from the data directory')
    .option('--insecure', 'listen beyond loopback although there are no API keys')
    .action(async (options: StartOptions) => {
      const loaded = configOf(options, {
        'http.port': options.port,
        'admin.port': options.adminPort,
        insecure: options.insecure
      })
      await context.start(loaded, { demo: options.demo, acceptLoss: options.acceptLoss === true })
    })
}
