import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'

const installed = ['/usr/lib/jvm/*/bin/java', '/Library/Java/JavaVirtualMachines/*/Contents/Home/bin/java']
const versions = new Map<string, number>()

/** A Java of that version or newer: JAVA_HOME's, the one in PATH, or any that is installed where systems put them. */
export function findJava(versionMin: number): string | undefined {
  const home = process.env.JAVA_HOME
  const first = [...(home ? [join(home, 'bin', 'java')] : []), 'java']
  return [...first, ...installed.flatMap(pattern => globSync(pattern).sort())].find(
    java => versionOf(java) >= versionMin
  )
}

/** 0 where it is no Java that runs. */
function versionOf(java: string): number {
  let version = versions.get(java)
  if (version === undefined) {
    const { stderr, status } = spawnSync(java, ['-XshowSettings:properties', '-version'], { encoding: 'utf8' })
    version = status === 0 ? Number(/java\.specification\.version = (\d+)/.exec(stderr)?.[1] ?? 0) : 0
    versions.set(java, version)
  }
  return version
}
