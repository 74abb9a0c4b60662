import type { commandLine } from '../serve/cli/command-line.ts'
import { fenced, page } from './pages.ts'

type Command = ReturnType<typeof commandLine>

/** Every command's own help: the page cannot say what the command line does not. */
export function commandsPage(program: Command): string {
  program.configureHelp({ helpWidth: 100 })
  return page('Commands', 'serve/cli/', [
    'With an instance running on the data directory, commands go through its admin port; otherwise they open the directory themselves. Exit code 0 = done, 1 = failed, 2 = called wrongly, 3 = a check found a difference. Data goes to stdout; progress to stderr, and only on a terminal. In a clone: `npm run millrace -- …`.',
    ...leaves(program, []).map(({ path, command }) => `## ${path.join(' ')}\n\n${fenced('text', helpOf(command))}`)
  ])
}

function leaves(command: Command, path: string[]): { path: string[]; command: Command }[] {
  const here = [...path, command.name()]
  if (command.commands.length === 0) return [{ path: here, command }]
  return command.commands.flatMap(one => leaves(one as Command, here))
}

/** With what stands behind it: the examples. */
function helpOf(command: Command): string {
  let text = ''
  command.configureHelp({ helpWidth: 100 })
  command.configureOutput({
    writeOut: part => {
      text += part
    },
    getOutHasColors: () => false
  })
  command.outputHelp()
  return text.trimEnd()
}
