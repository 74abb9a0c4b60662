import type { Command } from 'commander'
import type { CommandContext, SchemaVerdict } from './context.ts'
import { type CommonOptions, configOf, group, leaf, misused } from './leaf.ts'
import { printJson, printTable, say } from './output.ts'

interface RegistryOption extends CommonOptions {
  registry?: string
}

export function addSchema(program: Command, context: CommandContext): void {
  const schema = group(program, 'schema', 'the Avro schemas of records')
  addCheck(schema, context)
  addRegister(schema, context)
}

function addCheck(schema: Command, context: CommandContext): void {
  leaf(schema, {
    usage: 'check',
    summary: 'whether this release reads what was written before; exit 3 where it does not',
    examples: [
      'schema check',
      'schema check --against old/schemas',
      'schema check --registry http://127.0.0.1:8081/apis/ccompat/v7'
    ],
    json: true
  })
    .option('--against <dir>', 'folder of .avsc files (default: those of the last release)')
    .option('--registry <url>', 'what stands in a schema registry, instead')
    .action(async (options: RegistryOption & { against?: string }) => {
      const { against, registry } = options
      if (against !== undefined && registry !== undefined) throw misused('Say --against or --registry, not both.')
      if (registry !== undefined) {
        const { check } = await context.registry(configOf(options, { 'registry.url': registry }))
        show(await check(), options)
      } else show(await context.checkSchemas(against), options)
    })
}

function addRegister(schema: Command, context: CommandContext): void {
  leaf(schema, {
    usage: 'register',
    summary: 'register the schemas of this release, all or, where one is not compatible, none (exit 3)',
    examples: ['schema register --registry http://127.0.0.1:8081/apis/ccompat/v7'],
    json: true
  })
    .option('--registry <url>', 'schema registry with the Confluent API (registry.url)')
    .action(async (options: RegistryOption) => {
      const { register } = await context.registry(configOf(options, { 'registry.url': options.registry }))
      const verdicts = await register()
      show(verdicts, options)
      if (!options.json && verdicts.every(({ id }) => id !== null)) say(`${verdicts.length} subjects are registered.`)
    })
}

type Shown = SchemaVerdict & { subject?: string; id?: number | null }

function show(verdicts: readonly Shown[], { json }: CommonOptions): void {
  const broken = verdicts.filter(({ verdict }) => verdict === 'incompatible' || verdict === 'gone')
  if (broken.length > 0) process.exitCode = 3
  if (json) {
    printJson(verdicts)
    return
  }
  const hasIds = verdicts.some(({ id }) => id !== undefined)
  printTable(
    [verdicts.some(({ subject }) => subject) ? 'subject' : 'schema', 'verdict', ...(hasIds ? ['id'] : []), 'detail'],
    verdicts.map(one => [one.subject ?? one.schema, one.verdict, ...(hasIds ? [one.id] : []), one.detail])
  )
  say(broken.length === 0 ? 'All that was written can be read.' : `${broken.length} cannot be read as they were.`)
}
