import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { environment } from '../testing/run-millrace.ts'
import { missingForUws, uwsNode } from '../testing/uws-node.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const story = missingForUws === undefined ? test : test.skip
const title = (text: string) => (missingForUws === undefined ? text : `${text} (skipped: ${missingForUws})`)

story(title('the transport over uWebSockets.js does what every transport does'), async t => {
  t.timeout(300_000)
  const { node, env } = await uwsNode()
  const ava = ['node_modules/ava/entrypoints/cli.mjs', '--tap', 'serve/transport/uws.test.ts']
  const { code, output } = await new Promise<{ code: unknown; output: string }>(resolve =>
    execFile(node, ava, { cwd: root, env: environment({ ...env, CI: 'true' }) }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: stdout + stderr })
    )
  )
  t.is(code, 0, output)
  const passed = output.split('\n').filter(line => /^ *ok \d+ - /.test(line))
  t.true(passed.length > 30, `the contract was not run: ${output}`)
  t.notRegex(output, /# (SKIP|TODO)/)
})
