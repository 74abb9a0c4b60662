import type { Command } from 'commander'
import type { CommandContext } from './context.ts'
import { leaf } from './leaf.ts'
import { print } from './output.ts'
import { Progress } from './progress.ts'

/** Options that take two words. */
const pairs = ['compare']

export function addEvaluate(program: Command, context: CommandContext): void {
  const command = leaf(program, {
    usage: 'evaluate',
    summary: 'how good recommendations are: replays session files through the real index, learner and blend',
    examples: [
      'evaluate --train sessions.txt.gz --test next-day.txt.gz --protocol static',
      'evaluate --train clicks.jsonl --protocol prequential --compare ours v-sknn --json'
    ],
    isApart: true
  })
  for (const [name, { help, ...option }] of Object.entries(context.evaluation.options)) {
    const value = pairs.includes(name) ? ' <names...>' : option.value === undefined ? '' : ` ${option.value}`
    command.option(`--${name}${value}`, help)
  }
  command.action(async (options: Record<string, unknown>) => {
    let shown = { label: '', bar: new Progress('') }
    await context.evaluation.run(kebabed(options), {
      print,
      progress: (label, done, total) => {
        if (shown.label !== label) shown = { label, bar: new Progress(label) }
        if (done < total) shown.bar.show({ rows: done, part: done / total })
        else shown.bar.end()
      }
    })
  })
}

function kebabed(options: Record<string, unknown>): Record<string, any> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`),
      value
    ])
  )
}
