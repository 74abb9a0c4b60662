#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { codeOf, messageOf } from '../engine/errors.ts'
import { addConfig } from './cli/config-command.ts'
import { addDlq } from './cli/dlq-commands.ts'
import { addDoctor } from './cli/doctor-command.ts'
import { addLoad } from './cli/load-command.ts'
import { say } from './cli/output.ts'
import { addSchema } from './cli/schema-command.ts'
import { addStart } from './cli/start-command.ts'
import { addStore } from './cli/store-commands.ts'
import { addTopic } from './cli/topic-commands.ts'
import { addTopology } from './cli/topology-commands.ts'
import { composeCommands } from './compose-commands.ts'

/** The command line: exit 0 done, 1 failed, 2 wrong usage, 3 a check found a difference. */

const usageCodes = new Set([
  'usage',
  'bad_config',
  'bad_config_file',
  'unknown_config_key',
  'bad_duration',
  'bad_api_keys'
])

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever read the output has seen enough of it.
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0)
  throw error
})

try {
  await commandLine().parseAsync()
} catch (error) {
  process.exitCode = exitCodeOf(error)
  if (!(error instanceof CommanderError)) report(error)
}

function commandLine(): Command {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const program = new Command('millrace')
    .description('recommendations that are right as of the last event')
    .version(version, '-V, --version')
    .exitOverride()
    .showHelpAfterError('(--help says how it is used)')
  const context = composeCommands()
  addStart(program, context)
  addLoad(program, context)
  addTopology(program, context)
  addStore(program, context)
  addTopic(program, context)
  addDlq(program, context)
  addSchema(program, context)
  addConfig(program)
  addDoctor(program, context)
  return program
}

function exitCodeOf(error: unknown): number {
  // Help and version end that way too, with code 0; help that nobody asked for is wrong usage.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  return usageCodes.has(codeOf(error)) ? 2 : 1
}

function report(error: unknown): void {
  say(`millrace: ${messageOf(error)}`)
  if (!process.argv.includes('--verbose')) return
  for (let at: unknown = error; at instanceof Error; at = at.cause) say(at.stack ?? at.message)
}
