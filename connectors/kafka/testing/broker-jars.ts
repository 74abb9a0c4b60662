import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { stop } from '../../../engine/errors.ts'

const kafkaVersion = '4.3.1'
const pom = fileURLToPath(new URL('pom.xml', import.meta.url))
const copyDependencies = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'

/** Outside of the repository, so that a fresh clone finds what an older one fetched. */
const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace', `kafka-${kafkaVersion}`)

/** What to install before a test can have a broker; undefined when all is there. */
export function missingForBroker(): string | undefined {
  if (!answers('java', ['-version'])) return 'install Java 17 or newer'
  if (!existsSync(complete()) && !answers('mvn', ['-version'])) return 'install Maven'
  return undefined
}

function answers(command: string, args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

function complete(): string {
  return join(folder, '.complete')
}

/** The class path; fetched once, under another name first, so that it is whole or not there. */
export async function brokerJars(): Promise<string> {
  if (!existsSync(complete())) {
    const part = `${folder}.part-${process.pid}`
    await rm(part, { recursive: true, force: true })
    await mkdir(part, { recursive: true })
    const args = ['-B', '-q', '-f', pom, copyDependencies, '-DincludeScope=runtime', `-DoutputDirectory=${part}`]
    try {
      await promisify(execFile)('mvn', args, { maxBuffer: 16 << 20 })
    } catch (error) {
      throw stop('kafka_jars', 'Maven could not fetch the jars of Kafka: see what it says.', error)
    }
    await writeFile(join(part, '.complete'), '')
    await rm(folder, { recursive: true, force: true })
    await rename(part, folder)
  }
  return join(folder, '*')
}
