import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { messageOf } from '../../engine/errors.ts'
import type { Config, LoadedConfig } from '../../schemas/config.ts'
import { durationMs } from '../../schemas/config-kinds.ts'
import { all } from '../admin/operations.ts'
import type { CommandContext } from './context.ts'
import { health, ports, running } from './doctor-processes.ts'
import type { Finding } from './finding.ts'
import { type CommonOptions, configOf } from './leaf.ts'

const nodeMin = [22, 22]
const mebibyte = 1 << 20
const diskFailMb = 200
const diskWarnMb = 2_000
/** Of the serving thread, code and buffers, beside `stream.memory_max_mb`. */
const servingMb = 250

export async function* findings(context: CommandContext, options: CommonOptions): AsyncGenerator<Finding> {
  yield nodeVersion()
  let loaded: LoadedConfig
  try {
    loaded = configOf(options)
  } catch (error) {
    yield { check: 'configuration', status: 'fail', detail: messageOf(error), remedy: 'Change what it names.' }
    return
  }
  const { config, file } = loaded
  yield { check: 'configuration', status: 'ok', detail: file === null ? 'no file: defaults and variables' : file }
  yield memory(config)
  yield await disk(config)
  const processes = await running(config)
  for (const { what, instance } of processes) yield await health(what, instance)
  const isEmbedded = config.log === 'embedded'
  // One that runs here has what it needs; on Kafka another of the other kind may start beside it.
  if (processes.length === 0 || !isEmbedded)
    yield* await ports(
      config,
      processes.map(({ instance }) => instance)
    )
  if (isEmbedded) yield* await directory(context, loaded, processes.length > 0)
  else yield* context.kafkaFindings(config)
}

function nodeVersion(): Finding {
  const [major, minor] = process.versions.node.split('.').map(Number)
  const isGood = major > nodeMin[0] || (major === nodeMin[0] && minor >= nodeMin[1])
  const detail = `version ${process.versions.node}`
  if (isGood) return { check: 'node', status: 'ok', detail }
  const remedy = `Install Node ${nodeMin.join('.')} or newer, or run npm start, which fetches one for this folder.`
  return { check: 'node', status: 'fail', detail, remedy }
}

function memory({ stream }: Config): Finding {
  const limit = process.constrainedMemory()
  const total = Math.floor(Math.min(totalmem(), limit > 0 ? limit : Number.POSITIVE_INFINITY) / mebibyte)
  const needed = stream.memory_max_mb + servingMb
  const detail = `${total} MB here; stream.memory_max_mb is ${stream.memory_max_mb}, all of it takes about ${needed} MB`
  if (needed <= total * 0.8) return { check: 'memory', status: 'ok', detail }
  const remedy = `Lower stream.memory_max_mb to ${Math.max(256, Math.floor(total * 0.8) - servingMb)}, or give it more memory.`
  return { check: 'memory', status: 'warn', detail, remedy }
}

async function disk({ data_dir }: Config): Promise<Finding> {
  let at = resolve(data_dir)
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at)
  const { bavail, bsize } = await statfs(at)
  const freeMb = Math.floor((bavail * bsize) / mebibyte)
  const detail = `${freeMb} MB are free for ${data_dir}`
  if (freeMb >= diskWarnMb) return { check: 'disk', status: 'ok', detail }
  const status = freeMb < diskFailMb ? 'fail' : 'warn'
  return { check: 'disk', status, detail, remedy: 'Make space, or move data_dir to another disk.' }
}

async function directory(context: CommandContext, loaded: LoadedConfig, isRunning: boolean): Promise<Finding[]> {
  const { data_dir, events } = loaded.config
  if (!existsSync(join(data_dir, 'db'))) {
    return [{ check: 'data directory', status: 'ok', detail: `${data_dir} is not there yet: the first start makes it` }]
  }
  try {
    const session = await context.open(loaded, { write: false })
    try {
      const topics = await all(session.operations.topics())
      const how = isRunning ? 'asked through the running instance' : 'opened'
      const sound: Finding = {
        check: 'data directory',
        status: 'ok',
        detail: `${data_dir}, ${how}: ${topics.length} topics`
      }
      const short = topics.filter(
        ({ topic, retention_ms }) =>
          inputs.has(topic) && retention_ms !== null && retention_ms < durationMs(events.max_age)
      )
      return [
        sound,
        ...short.map(({ topic, retention_ms }) => keepsLess(topic, retention_ms as number, events.max_age))
      ]
    } finally {
      await session.close()
    }
  } catch (error) {
    return [{ check: 'data directory', status: 'fail', detail: messageOf(error) }]
  }
}

const inputs = new Set(['interactions', 'orders', 'order-items', 'products', 'users'])

function keepsLess(topic: string, retentionMs: number, maxAge: string): Finding {
  return {
    check: `topic ${topic}`,
    status: 'warn',
    detail: `keeps records for ${Math.round(retentionMs / 86_400_000)} days, events of up to ${maxAge} are accepted`,
    remedy: 'Lower events.max_age to what the topic keeps.'
  }
}
