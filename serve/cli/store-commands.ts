import type { Command } from 'commander'
import { stop } from '../../engine/errors.ts'
import { all, type Operations } from '../admin/operations.ts'
import type { CommandContext } from './context.ts'
import { type CommonOptions, configOf, group, leaf, wholeNumber } from './leaf.ts'
import { count, print, printJson, printJsonLine, printTable, say } from './output.ts'

type Run = (options: CommonOptions, work: (operations: Operations) => Promise<void>) => Promise<void>

export function addStore(program: Command, context: CommandContext): void {
  const store = group(program, 'store', 'look into state: stores and views')
  const run: Run = async (options, work) => {
    const session = await context.open(configOf(options), { write: false })
    try {
      await work(session.operations)
    } finally {
      await session.close()
    }
  }
  addLooking(store, run)
  addDigest(store, run)
  addVerify(store, run)
}

function addLooking(store: Command, run: Run): void {
  leaf(store, {
    usage: 'list',
    summary: 'stores and views, with their keys counted',
    examples: ['store list'],
    onLog: true,
    json: true
  }).action((options: CommonOptions) =>
    run(options, async operations => {
      const rows = await all(operations.stores({ sizes: true }))
      if (options.json) return printJson(rows)
      printTable(
        ['store', 'kind', 'class', 'keys', 'bytes'],
        rows.map(row => [row.store, row.kind, row.class, row.keys, row.bytes])
      )
    })
  )

  leaf(store, {
    usage: 'get <store> <key>',
    summary: 'what is stored under a key, decoded',
    examples: ['store get item-catalog 85123A'],
    onLog: true,
    json: true
  }).action((name: string, key: string, options: CommonOptions) =>
    run(options, async operations => {
      const [entry] = await all(operations.get({ store: name, key }))
      if (!entry) throw stop('key_not_found', `${name} has nothing under the key ${JSON.stringify(key)}.`)
      printJson(options.json ? entry : entry.value)
    })
  )

  leaf(store, {
    usage: 'scan <store>',
    summary: 'entries in the order of their keys; with --json one a line',
    examples: ['store scan similar-items --prefix 8512 --limit 3'],
    onLog: true,
    json: true
  })
    .option('--prefix <p>', 'only keys that begin so', '')
    .option('--limit <n>', 'at most so many', wholeNumber('--limit', 1), 20)
    .action((name: string, options: CommonOptions & { prefix: string; limit: number }) =>
      run(options, async operations => {
        const { prefix, limit } = options
        for await (const entry of operations.scan({ store: name, prefix, limit })) {
          if (options.json) printJsonLine(entry)
          else print(`${entry.key}  ${JSON.stringify(entry.value)}`)
        }
      })
    )
}

function addDigest(store: Command, run: Run): void {
  leaf(store, {
    usage: 'digest [store]',
    summary: 'one sha256 per store and view over its logical content',
    examples: ['store digest', 'store digest item-catalog --json'],
    onLog: true,
    json: true
  }).action((name: string | undefined, options: CommonOptions) =>
    run(options, async operations => {
      const digests = await all(operations.digest(name === undefined ? {} : { store: name }))
      if (options.json) return printJson(digests)
      printTable(
        ['store', 'class', 'keys', 'digest'],
        digests.map(row => [row.store, row.class, row.keys, row.digest])
      )
      const notes = new Set(digests.flatMap(({ note }) => note ?? []))
      for (const note of notes) say(`tolerance: ${note}`)
    })
  )
}

function addVerify(store: Command, run: Run): void {
  leaf(store, {
    usage: 'verify',
    summary: 'read everything: checksums, layouts, and every view against its state; exit 3 where something is wrong',
    examples: ['store verify'],
    onLog: true,
    json: true
  }).action((options: CommonOptions) =>
    run(options, async operations => {
      const verified = await all(operations.verify())
      const total = verified.reduce((sum, { problemsTotal }) => sum + problemsTotal, 0)
      if (total > 0) process.exitCode = 3
      if (options.json) {
        return printJson(verified.map(({ problemsTotal, ...rest }) => ({ ...rest, problems_total: problemsTotal })))
      }
      printTable(
        ['name', 'what', 'read', 'problems'],
        verified.map(row => [row.name, row.what, row.read, row.problemsTotal])
      )
      for (const { name, problems } of verified) for (const problem of problems) print(`${name}: ${problem}`)
      say(
        total === 0
          ? 'Everything is as it should be.'
          : `${count(total)} problems: restore a backup, or replay what is wrong.`
      )
    })
  )
}
