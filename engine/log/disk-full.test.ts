import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'

const root = mkdtempSync(join(tmpdir(), 'millrace-full-'))
test.after.always(() => rmSync(root, { recursive: true, force: true }))

const folder = new URL('.', import.meta.url).href
const opening = `
  const directory = process.argv[1]
  const { openDataDirectory } = await import('${folder}data-directory.ts')
  const { EmbeddedLog } = await import('${folder}embedded-log.ts')
  const data = await openDataDirectory(directory, { memoryMb: 16 })
  const log = new EmbeddedLog(data.store, { marker: data.marker })
`

/** Appends until it cannot; prints the last commit it could, and the sentence an operator would read. */
const fill = `
  process.on('SIGXFSZ', () => undefined)
  ${opening}
  await log.ensureTopics([{ name: 'clicks', partitions: 1, cleanup: 'delete', recordBytesMax: 1 << 20 }])
  let acknowledged = 0
  try {
    for (let i = 0; i < 20000; i++) {
      const value = Buffer.from(Array.from({ length: 3000 }, () => Math.random() * 256))
      acknowledged = log.append('clicks', [{ key: 'u1', value, timestamp: 1 }]).commit
    }
  } catch (error) {
    console.log(JSON.stringify({ acknowledged, code: error.code, remedy: error.remedy, message: error.message }))
    process.exit(3)
  }
`

/** Opens again, reads all, appends one more. */
const resume = `
  ${opening}
  let records = 0
  for (let at = 0, batch; (batch = log.read('clicks', 0, at, 1 << 20)); at = batch.nextOffset) records += batch.count
  const before = log.commit
  const { commit } = log.append('clicks', [{ key: 'u1', value: Buffer.from('one more'), timestamp: 1 }])
  console.log(JSON.stringify({ before, records, commit, lost: data.lostCommits }))
  await data.close()
`

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
const run = (program: string, directory: string) =>
  `${quoted(process.execPath)} --disable-warning=ExperimentalWarning --input-type=module -e ${quoted(program)} ${quoted(directory)}`

/** Runs a command that sees mounts of its own, gone when it ends. */
const ownMounts = 'unshare --mount'

/** A disk that is full, then has room again, as a shell script that runs both programs on it. */
const disks: Record<string, { script: (directory: string) => string; mayRun: () => boolean }> = {
  'a limit on the size of files': {
    script: directory => `(ulimit -f 400; ${run(fill, directory)}); ${run(resume, directory)}`,
    mayRun: () => true
  },
  'a small file system': {
    script: directory =>
      `${ownMounts} bash -c ${quoted(`mkdir ${directory} && mount -t tmpfs -o size=8m tmpfs ${directory}
      ${run(fill, `${directory}/data`)}
      mount -o remount,size=80m ${directory} && ${run(resume, `${directory}/data`)}`)}`,
    mayRun: () => spawnSync('sh', ['-c', `${ownMounts} true`]).status === 0
  }
}

for (const [name, { script, mayRun }] of Object.entries(disks)) {
  const isPossible = mayRun()
  const title = `a full disk (${name}) stops with one sentence, and nothing is lost once there is room`
  const full = isPossible ? test : test.skip
  full(isPossible ? title : `${title} (skipped: run as root, it needs the right to mount)`, t => {
    const directory = join(root, name.replaceAll(' ', '-'))
    const { stdout, stderr } = spawnSync('bash', ['-c', script(directory)], { encoding: 'utf8' })
    const lines = stdout.trim().split('\n')
    t.is(lines.length, 2, stderr)
    const [full, resumed] = lines.map(line => JSON.parse(line))
    t.is(full.code, 'disk_full')
    t.is(full.remedy, 'stop')
    t.regex(full.message, /^There is no space left .*: make space and start again;/)
    t.true(full.acknowledged > 50)
    t.true(resumed.before >= full.acknowledged)
    t.is(resumed.records, resumed.before - 1)
    t.is(resumed.commit, resumed.before + 1)
    t.is(resumed.lost, 0)
  })
}
