import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import test from 'ava'
import { environment } from '../serve/testing/run-millrace.ts'
import { missingForUws, uwsNode } from '../serve/testing/uws-node.ts'
import { trafficDigest } from './testing/traffic-digest.ts'

const run = promisify(execFile)
const digestFile = new URL('testing/traffic-digest.ts', import.meta.url).href
const script = `import { trafficDigest } from '${digestFile}'; process.stdout.write(trafficDigest())`
const story = missingForUws === undefined ? test : test.skip
const title = `Node 22 leaves the same views of a fixed traffic as the one that runs this (${process.version})`

story(missingForUws === undefined ? title : `${title} (skipped: ${missingForUws})`, async t => {
  t.timeout(180_000)
  const { node } = await uwsNode()
  t.regex((await run(node, ['--version'])).stdout, /^v22\./)
  const { stdout } = await run(node, ['--input-type=module', '--eval', script], { env: environment() })
  t.is(stdout, trafficDigest())
})
