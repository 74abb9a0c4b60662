import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { messageOf, stop } from '../../engine/errors.ts'
import type { CommandContext } from './context.ts'
import { type CommonOptions, configOf, group, leaf } from './leaf.ts'
import { print, printJson, printTable, say } from './output.ts'

export function addTopology(program: Command, context: CommandContext): void {
  const topology = group(program, 'topology', 'what runs: list, describe, draw, compare')
  const bookOf = (options: CommonOptions) => context.topologyBook(configOf(options).config)

  leaf(topology, {
    usage: 'list',
    summary: 'the topologies of this release',
    examples: ['topology list'],
    json: true
  }).action(async (options: CommonOptions) => {
    const { descriptions } = await bookOf(options)
    const rows = descriptions.map(({ name, version, nodes }) => ({ topology: name, version, steps: nodes.length }))
    if (options.json) return printJson(rows)
    printTable(
      ['topology', 'version', 'steps'],
      rows.map(row => [row.topology, row.version, row.steps])
    )
  })

  leaf(topology, {
    usage: 'describe [name]',
    summary: 'steps, topics and state of a topology, or of all',
    examples: ['topology describe co-occurrence', 'topology describe --json > release.json'],
    json: true
  }).action(async (name: string | undefined, options: CommonOptions) => {
    const book = await bookOf(options)
    const names = name === undefined ? book.descriptions.map(one => one.name) : [name]
    const texts = names.map(one => book.print(one))
    if (!options.json) return print(texts.join('\n\n'))
    printJson(name === undefined ? book.descriptions : book.descriptions.find(one => one.name === name))
  })

  leaf(topology, {
    usage: 'graph [name]',
    summary: 'draw a topology, or all of them joined',
    examples: ['topology graph', 'topology graph co-occurrence --format dot | dot -Tsvg > co-occurrence.svg']
  })
    .addOption(new Option('--format <format>', 'how').choices(['mermaid', 'dot', 'json']).default('mermaid'))
    .action(async (name: string | undefined, options: CommonOptions & { format: 'mermaid' | 'dot' | 'json' }) => {
      print((await bookOf(options)).graph(name === undefined ? [] : [name], options.format))
    })

  addDiff(topology, context)
}

function addDiff(topology: Command, context: CommandContext): void {
  leaf(topology, {
    usage: 'diff',
    summary: 'what this release means for the state of another one: exit 3 where a replay is needed',
    examples: ['topology diff', 'topology diff --against release.json'],
    json: true
  })
    .option('--against <file>', 'what `topology describe --json` printed then (default: kept in the data directory)')
    .action(async (options: CommonOptions & { against?: string }) => {
      const { config } = configOf(options)
      const book = await context.topologyBook(config)
      const before = options.against === undefined ? await context.firstTopologies(config) : jsonOf(options.against)
      if (before === null) throw stop('no_topologies_kept', noneKept(config.data_dir))
      const found = book.diff(before)
      if (found.some(({ verdict }) => verdict === 'needs-replay')) process.exitCode = 3
      if (options.json) return printJson(found)
      for (const { topology: name, verdict, changes } of found) {
        print(`${name}: ${verdict.replace('-', ' ')}`)
        for (const change of changes) print(`  ${change}`)
      }
      if (process.exitCode === 3) say('Some state no longer fits: it must be built anew by a replay.')
    })
}

const noneKept = (directory: string) =>
  `The data directory ${directory} has kept no topologies to compare with: say --against FILE, written by \`millrace topology describe --json\`.`

function jsonOf(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw stop('bad_topology_file', `${path} cannot be read as JSON (${messageOf(error)}): check the path.`, error)
  }
}
