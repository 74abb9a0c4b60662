import type { Command } from 'commander'
import type { CommandContext } from './context.ts'
import { findings } from './doctor-checks.ts'
import type { Finding } from './finding.ts'
import { type CommonOptions, configOf, leaf } from './leaf.ts'
import { print, printJson, say } from './output.ts'

const marks: Record<Finding['status'], string> = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' }

export function addDoctor(program: Command, context: CommandContext): void {
  leaf(program, {
    usage: 'doctor',
    summary: 'check the set-up and say what to do; exit 1 where Millrace cannot run',
    examples: ['doctor', 'doctor --data shop', 'doctor --log kafka', 'doctor --acls'],
    onLog: true,
    json: true
  })
    .option('--acls', 'print the least rights on Kafka instead, as arguments of kafka-acls.sh')
    .action(async (options: CommonOptions & { acls?: boolean }) => {
      if (options.acls) await printAcls(context, options)
      else await check(context, options)
    })
}

async function printAcls(context: CommandContext, options: CommonOptions): Promise<void> {
  const { config } = configOf(options)
  const acls = await context.acls(config)
  if (options.json) printJson(acls)
  else for (const acl of acls) print(acl)
}

async function check(context: CommandContext, options: CommonOptions): Promise<void> {
  const found: Finding[] = []
  for await (const finding of findings(context, options)) {
    found.push(finding)
    if (options.json) continue
    print(`${marks[finding.status]}  ${finding.check}: ${finding.detail}`)
    if (finding.remedy) print(`      ${finding.remedy}`)
  }
  const failed = found.filter(({ status }) => status === 'fail').length
  if (failed > 0) process.exitCode = 1
  if (options.json) printJson(found)
  else say(failed === 0 ? 'Nothing stands in the way.' : `${failed} of ${found.length} checks failed.`)
}
