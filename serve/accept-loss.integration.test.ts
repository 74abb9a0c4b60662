import { readdirSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { newDirectory, startInstance } from './testing/instance.ts'
import { runMillrace } from './testing/run-millrace.ts'

test('after a loss that nothing explains, start refuses with one sentence, and with --accept-loss it goes on', async t => {
  t.timeout(120_000)
  const directory = newDirectory(t)
  const post = async (url: string, body: unknown) => {
    const headers = { 'content-type': 'application/json' }
    return fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  }
  const first = await startInstance(t, ['--no-demo'], directory)
  for (let i = 0; i < 20; i++) {
    const rows = Array.from({ length: 20 }, (_, k) => ({ product_id: `p${i}-${k}`, title: `Cup ${k}`, price: 1 }))
    t.is((await post(`${first.url}/v1/tables/products`, rows)).status, 202)
  }
  await first.kill('SIGKILL')
  const logs = readdirSync(join(directory, 'db')).filter(file => file.endsWith('.log'))
  for (const file of logs.map(name => join(directory, 'db', name))) {
    truncateSync(file, Math.floor(statSync(file).size / 2))
  }

  const refused = await runMillrace(['start', '--no-demo', '--port', '0', '--admin-port', '0', '--data', directory], {
    cwd: directory
  })
  t.is(refused.code, 1)
  const said = refused.stderr.split('\n').filter(line => line.startsWith('millrace: '))
  t.is(said.length, 1, refused.stderr)
  t.regex(said[0], /has lost \d+ acknowledged commits .*: restore a backup, or start with --accept-loss/)
  t.notRegex(refused.stderr, /\n\s+at /)

  const second = await startInstance(t, ['--no-demo', '--accept-loss'], directory)
  const answer = await fetch(`${second.url}/v1/recommendations?surface=home&limit=100`)
  t.is(answer.status, 200)
  const { items } = (await answer.json()) as { items: unknown[] }
  t.true(items.length > 0, 'what was not lost is still there')
  t.is((await post(`${second.url}/v1/tables/products`, [{ product_id: 'new', title: 'New', price: 1 }])).status, 202)
  t.regex(second.output(), /\d+ commits were lost and are accepted as lost\./)
})
