import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { addConfig } from './config-command.ts'
import type { CommandContext } from './context.ts'
import { addDlq } from './dlq-commands.ts'
import { addDoctor } from './doctor-command.ts'
import { addErase } from './erase-command.ts'
import { addEvaluate } from './evaluate-command.ts'
import { addKafka } from './kafka-commands.ts'
import { addLoad } from './load-command.ts'
import { addSchema } from './schema-command.ts'
import { addStack } from './stack-command.ts'
import { addStart } from './start-command.ts'
import { addStore } from './store-commands.ts'
import { addTopic } from './topic-commands.ts'
import { addTopology } from './topology-commands.ts'

/** All commands there are. */
export function commandLine(context: CommandContext): Command {
  const { version } = JSON.parse(readFileSync(packageFile(), 'utf8')) as { version: string }
  const program = new Command('millrace')
    .description('recommendations that are right as of the last event')
    .version(version, '-V, --version')
    .exitOverride()
    .showHelpAfterError('(--help says how it is used)')
  addStart(program, context)
  addKafka(program, context)
  addLoad(program, context)
  addTopology(program, context)
  addStore(program, context)
  addTopic(program, context)
  addDlq(program, context)
  addErase(program, context)
  addSchema(program, context)
  addStack(program, context)
  addEvaluate(program, context)
  addConfig(program)
  addDoctor(program, context)
  return program
}

const packageFile = () => new URL('../../package.json', import.meta.url)
