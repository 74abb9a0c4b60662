import { spawnSync } from 'node:child_process'
import { serviceNamed } from './manifest.ts'
import type { Recipe } from './recipe.ts'

const service = serviceNamed('redis')

export const redis: Recipe = {
  missing() {
    return redis.version?.() ? undefined : 'Install redis-server (Debian: apt-get install redis-server).'
  },

  version() {
    const { status, stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' })
    return status === 0 ? (/ v=(\S+)/.exec(stdout)?.[1] ?? 'unknown') : undefined
  },

  async prepare({ folder, ports }) {
    const settings = { ...service.settings, bind: '127.0.0.1', port: String(ports.client), dir: folder }
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
    return { command: 'redis-server', args }
  }
}
