import type { Command } from 'commander'
import type { CommandContext } from './context.ts'
import { type CommonOptions, group, leaf } from './leaf.ts'
import { printJson, printTable, say } from './output.ts'

export function addSchema(program: Command, context: CommandContext): void {
  const schema = group(program, 'schema', 'the Avro schemas of records')
  leaf(schema, {
    usage: 'check',
    summary: 'whether this release reads what the last one wrote; exit 3 where it does not',
    examples: ['schema check', 'schema check --against old/schemas'],
    json: true
  })
    .option('--against <dir>', 'folder of .avsc files (default: those of the last release)')
    .action(async (options: CommonOptions & { against?: string }) => {
      const verdicts = await context.checkSchemas(options.against)
      const broken = verdicts.filter(({ verdict }) => verdict === 'incompatible' || verdict === 'gone')
      if (broken.length > 0) process.exitCode = 3
      if (options.json) return printJson(verdicts)
      printTable(
        ['schema', 'verdict', 'detail'],
        verdicts.map(row => [row.schema, row.verdict, row.detail])
      )
      say(broken.length === 0 ? 'All that was written can be read.' : `${broken.length} cannot be read as they were.`)
    })
}
