import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandLine } from '../serve/cli/command-line.ts'
import { composeCommands } from '../serve/compose-commands.ts'
import { allTopologies } from '../topologies/index.ts'
import { commandsPage } from './commands-page.ts'
import { configurationPage, errorsPage, metricsPage, topologiesPage } from './pages.ts'

/** The pages of docs/reference that are made from the code. */

const root = join(import.meta.dirname, '..')

function generatedPages(): Map<string, string> {
  return new Map([
    ['topologies.md', topologiesPage(root, allTopologies({ purchaseSource: 'orders' }))],
    ['configuration.md', configurationPage()],
    ['errors.md', errorsPage(root)],
    ['metrics.md', metricsPage()],
    ['commands.md', commandsPage(commandLine(composeCommands()))]
  ])
}

export function outdatedPages(): string[] {
  return [...generatedPages()].filter(([name, text]) => textOf(pathOf(name)) !== text).map(([name]) => name)
}

const pathOf = (name: string) => join(root, 'docs', 'reference', name)

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null // Not written yet.
  }
}

export function writePages(): void {
  mkdirSync(join(root, 'docs', 'reference'), { recursive: true })
  for (const [name, text] of generatedPages()) writeFileSync(pathOf(name), text)
}
