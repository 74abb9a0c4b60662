import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { environment } from '../testing/run-millrace.ts'
import { missingForUws, uwsNode } from '../testing/uws-node.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const story = missingForUws === undefined ? test.serial : test.skip
const title = (text: string) => (missingForUws === undefined ? text : `${text} (skipped: ${missingForUws})`)

/** Runs test files on a Node that the library has a build for; returns how many tests passed. */
async function passed(t: ExecutionContext, files: readonly string[]): Promise<number> {
  t.timeout(300_000)
  const { node, env } = await uwsNode()
  const args = ['node_modules/ava/entrypoints/cli.mjs', '--tap', '--timeout=2m', ...files]
  const { code, output } = await new Promise<{ code: unknown; output: string }>(resolve =>
    execFile(node, args, { cwd: root, env: environment({ ...env, CI: 'true' }), maxBuffer: 16 << 20 }, (...ended) =>
      resolve({ code: ended[0]?.code ?? 0, output: ended[1] + ended[2] })
    )
  )
  t.is(code, 0, output)
  t.notRegex(output, /# (SKIP|TODO)/)
  return output.split('\n').filter(line => /^ *ok \d+ - /.test(line)).length
}

story(title('the transport over uWebSockets.js does what every transport does'), async t => {
  t.true((await passed(t, ['serve/transport/uws.test.ts'])) > 30)
})

story(title('the API over uWebSockets.js passes the tests of the API'), async t => {
  const files = ['http/answer-routes', 'http/write-routes', 'http/auth', 'http/edge', 'ws/*']
  t.true(
    (await passed(
      t,
      files.map(name => `serve/${name}.test.ts`)
    )) > 60
  )
})
