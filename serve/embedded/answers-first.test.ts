import { execFileSync } from 'node:child_process'
import test from 'ava'

const program = `
  import { readdirSync, readFileSync } from 'node:fs'
  import { letAnswersGoFirst } from '${new URL('./answers-first.ts', import.meta.url)}'
  letAnswersGoFirst()
  const niceOf = task => Number(readFileSync('/proc/self/task/' + task + '/stat', 'utf8').split(') ')[1].split(' ')[16])
  const tasks = readdirSync('/proc/self/task').map(Number)
  console.log(JSON.stringify({ main: niceOf(process.pid), others: tasks.filter(t => t !== process.pid).map(niceOf) }))
`
const onLinux = process.platform === 'linux' ? test : test.skip

onLinux('every thread but the main one yields', t => {
  const told = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  const { main, others } = JSON.parse(told)
  t.true(others.length > 0)
  t.deepEqual(
    others,
    others.map(() => Math.min(19, main === 0 ? 10 : Math.max(main, 10)))
  )
})
