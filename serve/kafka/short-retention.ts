import { stop } from '../../engine/errors.ts'
import type { NewRecord, TopicSpec } from '../../engine/log/log.ts'

/** A topic whose operator lets records go earlier than it was declared. */
export interface ShortRetention {
  topic: string
  keptMs: number
}

/** Of what is declared, those that may keep less and, as they stand on the log, do. */
export function shortRetentions(declared: readonly TopicSpec[], existing: readonly TopicSpec[]): ShortRetention[] {
  const keptMs = new Map(existing.map(({ name, retentionMs }) => [name, retentionMs]))
  return declared.flatMap(({ name, retentionMs = Number.POSITIVE_INFINITY, mayKeepLess }) => {
    const kept = keptMs.get(name)
    return mayKeepLess && kept !== undefined && kept < retentionMs ? [{ topic: name, keptMs: kept }] : []
  })
}

/** What whoever starts a process should know. */
export function saidOf({ topic, keptMs }: ShortRetention): string {
  return `topic ${topic} keeps records for ${spanOf(keptMs)}, by their own time: older ones may be gone before they are processed`
}

/**
 * Refuses what would be gone before it is processed: records for `topic` that are older than it, or a topic made of it, is
 * kept. `derived`: by topic, those that are written because of its records.
 */
export function refuseOlder(
  records: readonly Pick<NewRecord, 'timestamp'>[],
  topic: string,
  { short, derived, now }: { short: readonly ShortRetention[]; derived: ReadonlyMap<string, string[]>; now: number }
): void {
  if (short.length === 0) return
  const onItsWay = reachable(topic, derived)
  const oldest = records.reduce((least, { timestamp }) => Math.min(least, timestamp), Number.POSITIVE_INFINITY)
  const tooShort = short.find(one => onItsWay.has(one.topic) && oldest < now - one.keptMs)
  if (!tooShort) return
  throw stop(
    'records_not_kept',
    `Topic ${tooShort.topic} keeps records for ${spanOf(tooShort.keptMs)}, and one of ${new Date(oldest).toISOString()} is older: ` +
      'set its retention.ms to -1 until that is processed, or leave it out.'
  )
}

function reachable(topic: string, derived: ReadonlyMap<string, string[]>): Set<string> {
  const found = new Set([topic])
  for (const one of found) for (const next of derived.get(one) ?? []) found.add(next)
  return found
}

const hourMs = 3_600_000

export function spanOf(ms: number): string {
  const hours = ms / hourMs
  if (hours >= 48) return `${Math.floor(hours / 24)} days`
  return hours >= 1 ? `${Math.floor(hours)} h` : `${Math.floor(ms / 1000)} s`
}
