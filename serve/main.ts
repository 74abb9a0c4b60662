#!/usr/bin/env node
import { CommanderError } from 'commander'
import { codeOf, messageOf } from '../engine/errors.ts'
import { commandLine } from './cli/command-line.ts'
import { say } from './cli/output.ts'
import { composeCommands } from './compose-commands.ts'

/** The command line: exit 0 done, 1 failed, 2 wrong usage, 3 a check found a difference. */

const usageCodes = new Set([
  'usage',
  'bad_config',
  'bad_config_file',
  'unknown_config_key',
  'embedded_log_only',
  'bad_duration',
  'bad_api_keys'
])

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever read the output has seen enough of it.
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0)
  throw error
})

try {
  await commandLine(composeCommands()).parseAsync()
} catch (error) {
  process.exitCode = exitCodeOf(error)
  if (!(error instanceof CommanderError)) report(error)
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
