import { type Command, Option } from 'commander'
import { stop } from '../../engine/errors.ts'
import { type LoadedConfig, loadConfig } from '../../schemas/config.ts'

export interface CommonOptions {
  config?: string
  data?: string
  log?: string
  json?: boolean
  verbose?: boolean
}

interface LeafSpec {
  usage: string
  summary: string
  /** Without `millrace` in front, unless it stands in a pipe. */
  examples: string[]
  /** Prints data, so it has --json. */
  json?: boolean
  /** It works on records or state, so it has --log. */
  onLog?: boolean
  /** It needs neither configuration nor data directory. */
  isApart?: boolean
}

const logs = ['embedded', 'kafka']

/** A command with the options that all have, and examples in its help. */
export function leaf(parent: Command, { usage, summary, examples, json, onLog, isApart }: LeafSpec): Command {
  const command = parent.command(usage).description(summary)
  if (!isApart) {
    command
      .option('--config <file>', 'configuration file (default: millrace.config.json where there is one)')
      .option('--data <dir>', 'data directory (data_dir of the configuration)')
  }
  if (onLog) command.addOption(new Option('--log <log>', 'which log (log of the configuration)').choices(logs))
  if (json) command.option('--json', 'print JSON')
  command.option('--verbose', 'print the stack of an error')
  const lines = examples
    .map(example => `  $ ${example.includes('millrace ') ? example : `millrace ${example}`}`)
    .join('\n')
  return command.addHelpText('after', `\n${examples.length > 1 ? 'Examples' : 'Example'}:\n${lines}`)
}

/** A group of commands: `millrace topic …`. */
export function group(parent: Command, name: string, summary: string): Command {
  return parent.command(name).description(summary)
}

export function configOf(options: CommonOptions, flags: Record<string, unknown> = {}): LoadedConfig {
  return loadConfig({ file: options.config, flags: { data_dir: options.data, log: options.log, ...flags } })
}

/** The command was called wrongly: exit code 2. */
export function misused(message: string): Error {
  return stop('usage', message)
}

/** For options that are whole numbers. */
export function wholeNumber(name: string, min = 0): (text: string) => number {
  return text => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min) return value
    throw misused(`${name} must be a whole number from ${min} on, it is "${text}".`)
  }
}
