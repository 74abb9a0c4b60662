import type { Command } from 'commander'
import { configEntries, configJsonSchema } from '../../schemas/config.ts'
import { type CommonOptions, configOf, leaf } from './leaf.ts'
import { printJson, printTable } from './output.ts'

export function addConfig(program: Command): void {
  leaf(program, {
    usage: 'config',
    summary: 'print the effective configuration and where each value comes from; secrets are masked',
    examples: ['config', 'config --json', 'config --schema > millrace.config.schema.json'],
    json: true
  })
    .option('--schema', 'print the JSON Schema of the configuration file instead')
    .action((options: CommonOptions & { schema?: boolean }) => {
      if (options.schema) return printJson(configJsonSchema())
      const entries = configEntries(configOf(options))
      if (options.json) return printJson(entries)
      printTable(
        ['key', 'value', 'unit', 'source'],
        entries.map(({ key, value, unit, source }) => [
          key,
          typeof value === 'string' ? value : JSON.stringify(value),
          unit ?? '',
          source
        ])
      )
    })
}
