import { type MillraceError, stop } from '../../engine/errors.ts'
import type { TopicSpec } from '../../engine/log/log.ts'
import { deleteRetentionMs } from '../../engine/ports/delete-retention.ts'
import type { NewTopic } from './admin.ts'

/** Header of the batch, headers and lengths of the largest record: what a batch needs beyond key and value. */
export const batchRoomBytes = 16 * 1024

export interface TopicSettings {
  partitions: number
  configs: ReadonlyMap<string, string>
}

/** A topic as it is created. Records carry event time, so what is not bounded by the spec is kept for ever (KIP-284). */
export function newTopic(spec: TopicSpec, replicationFactor: number): NewTopic {
  return { name: spec.name, partitions: spec.partitions, replicationFactor, configs: configsOf(spec) }
}

function configsOf(spec: TopicSpec): Record<string, string> {
  return {
    'cleanup.policy': spec.cleanup,
    'max.message.bytes': String(spec.recordBytesMax + batchRoomBytes),
    'message.timestamp.type': 'CreateTime',
    // Records of a replay are years old, and clocks of senders run ahead (KIP-937).
    'message.timestamp.before.max.ms': String(maxLong),
    'message.timestamp.after.max.ms': String(maxLong),
    'compression.type': 'producer',
    ...(spec.cleanup === 'compact' && { 'delete.retention.ms': String(deleteRetentionMs) }),
    ...(spec.cleanup === 'delete' && {
      'retention.ms': String(spec.retentionMs ?? -1),
      'retention.bytes': String(spec.retentionBytes ?? -1)
    })
  }
}

const maxLong = 9_223_372_036_854_775_807n

/** What an existing topic is on this log. */
export function specOf(name: string, { partitions, configs }: TopicSettings): TopicSpec {
  const number = (config: string) => Number(configs.get(config) ?? -1)
  const retentionMs = number('retention.ms')
  const retentionBytes = number('retention.bytes')
  const cleanup = configs.get('cleanup.policy') === 'compact' ? 'compact' : 'delete'
  return {
    name,
    partitions,
    cleanup,
    ...(cleanup === 'delete' && retentionMs >= 0 && { retentionMs }),
    ...(cleanup === 'delete' && retentionBytes >= 0 && { retentionBytes }),
    recordBytesMax: Math.max(0, number('max.message.bytes') - batchRoomBytes)
  }
}

/**
 * The one sentence why an existing topic cannot be used; undefined if it can. More room and longer retention are fine, and
 * less `retention.ms` where an operator may let records go earlier.
 */
export function misfit(spec: TopicSpec, { partitions, configs }: TopicSettings): MillraceError | undefined {
  const refuse = (what: string, is: unknown, need: unknown) =>
    stop(
      'topic_mismatch',
      `Topic ${spec.name} exists with ${what} ${is}, and ${need} is needed: change it, or use another namespace.`
    )
  if (partitions !== spec.partitions) return refuse('partitions', partitions, spec.partitions)
  const cleanup = configs.get('cleanup.policy')
  if (cleanup !== spec.cleanup) return refuse('cleanup.policy', cleanup, spec.cleanup)
  const bytesMax = Number(configs.get('max.message.bytes'))
  if (bytesMax < spec.recordBytesMax + batchRoomBytes) {
    return refuse('max.message.bytes', bytesMax, spec.recordBytesMax + batchRoomBytes)
  }
  if (configs.get('message.timestamp.type') === 'LogAppendTime') {
    return refuse('message.timestamp.type', 'LogAppendTime', 'CreateTime')
  }
  if (spec.cleanup === 'delete') return retentionMisfit(spec, configs, refuse)
  // Readers that come back within half of it take what they hold for whole.
  const keptMs = Number(configs.get('delete.retention.ms'))
  return keptMs < deleteRetentionMs ? refuse('delete.retention.ms', keptMs, deleteRetentionMs) : undefined
}

function retentionMisfit(
  spec: TopicSpec,
  configs: ReadonlyMap<string, string>,
  refuse: (what: string, is: unknown, need: unknown) => MillraceError
): MillraceError | undefined {
  const times = spec.mayKeepLess ? [] : ([['retention.ms', spec.retentionMs ?? -1]] as const)
  for (const [config, need] of [...times, ['retention.bytes', spec.retentionBytes ?? -1]] as const) {
    const is = Number(configs.get(config) ?? -1)
    if (is >= 0 && (need < 0 || is < need)) return refuse(config, is, need < 0 ? '-1 (for ever)' : need)
  }
  return undefined
}
