import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, stop } from '../../engine/errors.ts'
import { kafka } from './kafka.ts'
import { portsFrom, registryPath, type Service, type ServiceName, services } from './manifest.ts'
import { end, residentMb, startDetached } from './own-process.ts'
import { isReady, isTaken } from './probes.ts'
import type { Recipe, Site } from './recipe.ts'
import { redis } from './redis.ts'
import { registry } from './registry.ts'
import { type ServiceNote, StackDirectory } from './service-note.ts'

const recipes: Record<ServiceName, Recipe> = { kafka, registry, redis }

export interface ServiceState {
  service: ServiceName
  /** `skipped`: this machine lacks what `detail` names. `dead`: it ended by itself. */
  state: 'ready' | 'starting' | 'stopped' | 'dead' | 'skipped' | 'failed'
  version: string
  pid: number | null
  ports: Record<string, number>
  memory_mb: number | null
  since: string | null
  /** Where clients find it; null while it does not run. */
  address: string | null
  detail: string
}

export interface UpOptions {
  /** All, unless named. */
  names: readonly string[]
  portBase?: number
  /** What takes a while. */
  onProgress(service: ServiceName, doing: string): void
}

/** The servers in one directory. What it starts goes on without it; what it ends is what it started. */
export class Stack {
  readonly #directory: StackDirectory

  constructor(path: string) {
    this.#directory = new StackDirectory(resolve(path))
  }

  /** Starts what does not run and waits until all are ready, or have failed. */
  async up(options: UpOptions): Promise<ServiceState[]> {
    const chosen = servicesNamed(options.names)
    return await this.#directory.alone(() => Promise.all(chosen.map(service => this.#up(service, options))))
  }

  /** Ends what was started here, the last first; `wipe` removes its data too. */
  async down({ names, wipe }: { names: readonly string[]; wipe: boolean }): Promise<ServiceState[]> {
    const chosen = servicesNamed(names).toReversed()
    return await this.#directory.alone(async () => {
      const states: ServiceState[] = []
      for (const service of chosen) states.unshift(await this.#down(service, wipe))
      return states
    })
  }

  async status(names: readonly string[]): Promise<ServiceState[]> {
    return await Promise.all(
      servicesNamed(names).map(async service => {
        const note = this.#directory.running(service.name)
        if (!note) return this.#stateOf(service, this.#directory.isDead(service.name) ? 'dead' : 'stopped')
        const ready = await isReady(service.health, note.ports[service.health.port])
        return this.#stateOf(service, ready ? 'ready' : 'starting')
      })
    )
  }

  /** What servers said, by service. */
  logs(names: readonly string[]): { service: ServiceName; path: string }[] {
    return servicesNamed(names)
      .map(({ name }) => ({ service: name, path: this.#directory.logOf(name) }))
      .filter(({ path }) => existsSync(path))
  }

  async #up(service: Service, { names, portBase, onProgress }: UpOptions): Promise<ServiceState> {
    const { name } = service
    const missing = this.#directory.running(name) ? undefined : recipes[name].missing()
    if (missing) return this.#stateOf(service, names.length > 0 ? 'failed' : 'skipped', missing)
    const site = {
      folder: this.#directory.folderOf(name),
      ports: portsFrom(portBase)[name],
      say: (doing: string) => onProgress(name, doing)
    }
    try {
      await this.#start(service, site)
      return this.#stateOf(service, 'ready')
    } catch (error) {
      return this.#stateOf(service, 'failed', messageOf(error))
    }
  }

  async #down(service: Service, wipe: boolean): Promise<ServiceState> {
    const note = this.#directory.running(service.name)
    if (note) await end(note, service.stopWithinMs)
    this.#directory.forget(service.name)
    if (wipe) this.#directory.wipe(service.name)
    const ended = note ? 'ended' : 'did not run'
    return this.#stateOf(service, 'stopped', wipe ? `${ended}, data removed` : ended)
  }

  async #start(service: Service, site: Site): Promise<void> {
    const { name } = service
    const running = this.#directory.running(name)
    if (running) {
      await this.#untilReady(service, running)
      return
    }
    for (const port of Object.values(site.ports)) {
      if (!(await isTaken(port))) continue
      throw stop('stack_port_taken', `Port ${port} is taken by another program: end it, or choose --port-base.`)
    }
    this.#directory.make(name)
    const how = await recipes[name].prepare(site)
    const started = await startDetached(how, { folder: site.folder, logFile: this.#directory.logOf(name) })
    const version = recipes[name].version?.() ?? service.version
    const note = { ...started, version, ports: { ...site.ports }, since: new Date().toISOString() }
    this.#directory.write(name, note)
    site.say('starting')
    await this.#untilReady(service, note)
    await recipes[name].finish?.(site)
  }

  async #untilReady(service: Service, note: ServiceNote): Promise<void> {
    const { name, health, readyWithinMs } = service
    const until = Date.now() + readyWithinMs
    while (!(await isReady(health, note.ports[health.port]))) {
      if (!this.#directory.running(name)) {
        throw stop('stack_service_failed', `It ended while starting, and said at last: ${this.#lastLines(name)}`)
      }
      if (Date.now() > until) {
        throw stop(
          'stack_service_slow',
          `It is not ready after ${readyWithinMs / 1000} s: see millrace stack logs ${name}.`
        )
      }
      await sleep(100)
    }
  }

  #lastLines(name: ServiceName): string {
    return readFileSync(this.#directory.logOf(name), 'utf8').trimEnd().split('\n').slice(-5).join('\n')
  }

  #stateOf(service: Service, state: ServiceState['state'], detail = ''): ServiceState {
    const note = this.#directory.running(service.name)
    return {
      service: service.name,
      state,
      version: note?.version ?? service.version,
      pid: note?.pid ?? null,
      ports: note?.ports ?? {},
      memory_mb: (note && residentMb(note)) ?? null,
      since: note?.since ?? null,
      address: note ? addressOf(service, note.ports) : null,
      detail
    }
  }
}

function addressOf({ name, ports }: Service, taken: Readonly<Record<string, number>>): string {
  const at = `127.0.0.1:${taken[Object.keys(ports)[0]]}`
  if (name === 'registry') return `http://${at}${registryPath}`
  return name === 'redis' ? `redis://${at}` : at
}

function servicesNamed(names: readonly string[]): readonly Service[] {
  const unknown = names.find(name => !services.some(service => service.name === name))
  if (unknown !== undefined) {
    const known = services.map(({ name }) => name).join(', ')
    throw stop('usage', `There is no service ${unknown}: there are ${known}.`)
  }
  return names.length === 0 ? services : services.filter(({ name }) => names.includes(name))
}
