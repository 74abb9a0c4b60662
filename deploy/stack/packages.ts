import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { stop } from '../../engine/errors.ts'
import { kafkaJars, registryArchive, serviceNamed } from './manifest.ts'

const run = promisify(execFile)
const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1'
const completeFile = '.complete'

/** Outside of the repository, so that a fresh clone finds what an older one fetched. */
const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
const folderOf = (name: string) => join(cache, 'millrace', name)
const kafkaFolder = folderOf(`kafka-${serviceNamed('kafka').version}`)
const registryFolder = folderOf(`apicurio-${serviceNamed('registry').version}`)

export const hasKafka = () => isComplete(kafkaFolder)
export const hasRegistry = () => isComplete(registryFolder)
export const hasMaven = () => spawnSync('mvn', ['-version'], { stdio: 'ignore' }).status === 0

/** The class path of a broker and its tools. */
export async function fetchKafka(): Promise<string> {
  await fetchOnce(kafkaFolder, async folder => {
    const pom = join(folder, 'pom.xml')
    await writeFile(pom, pomOf(kafkaJars))
    await maven(['-f', pom, `${plugin}:copy-dependencies`, '-DincludeScope=runtime', `-DoutputDirectory=${folder}`])
    await rm(pom)
  })
  return join(kafkaFolder, '*')
}

/** The jar that starts the registry. */
export async function fetchRegistry(): Promise<string> {
  await fetchOnce(registryFolder, async folder => {
    await maven([`${plugin}:copy`, `-Dartifact=${registryArchive}`, `-DoutputDirectory=${folder}`])
    const archives = (await readdir(folder)).filter(name => name.endsWith('.tar.gz'))
    for (const archive of archives) {
      await run('tar', ['xzf', join(folder, archive), '-C', folder])
      await rm(join(folder, archive))
    }
  })
  return join(registryFolder, 'quarkus-run.jar')
}

function isComplete(folder: string): boolean {
  return existsSync(join(folder, completeFile))
}

/** Whole or not there: laid down under another name first. */
async function fetchOnce(folder: string, fill: (folder: string) => Promise<void>): Promise<void> {
  if (isComplete(folder)) return
  const part = `${folder}.part-${process.pid}`
  await rm(part, { recursive: true, force: true })
  await mkdir(part, { recursive: true })
  try {
    await fill(part)
    await writeFile(join(part, completeFile), '')
    await rm(folder, { recursive: true, force: true })
    await rename(part, folder)
  } finally {
    await rm(part, { recursive: true, force: true })
  }
}

async function maven(args: readonly string[]): Promise<void> {
  try {
    await run('mvn', ['-B', '-q', ...args], { maxBuffer: 16 << 20 })
  } catch (error) {
    const { stdout = '' } = error as { stdout?: string }
    const [said = 'it said nothing'] = stdout.split('\n').filter(line => line.includes('ERROR'))
    throw stop('stack_fetch_failed', `Maven could not fetch ${args.at(-2)}: ${said}. Check the network.`, error)
  }
}

function pomOf(coordinates: readonly string[]): string {
  const dependencies = coordinates.map(one => {
    const [group, artifact, version] = one.split(':')
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`
  })
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>millrace</groupId><artifactId>stack</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${dependencies.join('\n')}</dependencies></project>
`
}
