import { readFileSync } from 'node:fs'
import test from 'ava'
import fc from 'fast-check'
import { newDirectory, startProcess } from './testing/instance.ts'
import { isFine, MalformedClient } from './testing/malformed-client.ts'
import { type Malformed, request } from './testing/malformed-requests.ts'
import { runMillrace } from './testing/run-millrace.ts'

/** `MILLRACE_SEED` repeats a run. */
const seed = Number(process.env.MILLRACE_SEED ?? Math.floor(Math.random() * 2 ** 31))
const requests = 2_000
const rssGrowthMaxMb = 128

/** Half of them events, or what should be. */
const sent = fc.oneof(
  request,
  request.map(one => ({ ...one, method: 'POST', path: '/v1/events' }))
)
const isEvents = ({ method, path }: Malformed) => method === 'POST' && path === '/v1/events'

function rssMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1024
}

const story = process.platform === 'linux' ? test : test.skip
const title = `${requests} malformed requests do no harm to a started process, and every event it accepted is on the log`

story(process.platform === 'linux' ? title : `${title} (skipped: it reads memory from /proc)`, async t => {
  t.log(`seed ${seed}`)
  t.timeout(120_000)
  const directory = newDirectory(t)
  const instance = await startProcess(directory, ['--no-demo'])
  t.teardown(() => instance.kill('SIGKILL'))
  const client = new MalformedClient(Number(new URL(instance.url).port))
  const counted = { accepted: 0, rejected: 0 }
  const run = (numRuns: number) =>
    fc.assert(
      fc.asyncProperty(sent, async one => {
        const answer = await client.ask(one)
        if (!isFine(answer, one)) throw new TypeError(`${answer.status} ${answer.text.slice(0, 300)}`)
        if (!isEvents(one) || ![202, 422].includes(answer.status)) return
        const { accepted = 0, rejected = [] } = JSON.parse(answer.text)
        counted.accepted += accepted
        counted.rejected += rejected.length
      }),
      { seed, numRuns, endOnFailure: true }
    )
  await run(requests / 4)
  const pid = instance.child.pid as number
  const before = rssMb(pid)
  await run(requests)
  const grown = rssMb(pid) - before
  client.close()
  t.is(instance.child.exitCode, null)
  t.true(grown < rssGrowthMaxMb, `${grown} MB`)
  t.true(counted.accepted > 5 && counted.rejected > 20, JSON.stringify(counted))

  const listed = await runMillrace(['topic', 'list', '--json', '--data', directory], { cwd: directory })
  const { end } = JSON.parse(listed.stdout).find(({ topic }: { topic: string }) => topic === 'interactions')
  t.is(
    end.reduce((sum: number, offset: number) => sum + offset, 0),
    counted.accepted
  )
  const metrics = await (await fetch(`${instance.adminUrl}/metrics`)).text()
  const outcome = (name: string) =>
    Number(new RegExp(`^millrace_events_total\\{outcome="${name}"\\} (\\d+)`, 'm').exec(metrics)?.[1])
  t.deepEqual({ accepted: outcome('accepted'), rejected: outcome('rejected') }, counted)
  t.is((await fetch(`${instance.url}/v1/recommendations?surface=home`)).status, 200)
})
