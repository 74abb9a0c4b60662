import { setTimeout as sleep } from 'node:timers/promises'
import { kafkaError } from './errors.ts'

export interface BackOffOptions {
  initialMs: number
  maxMs: number
  /** Uniform in [0, 1); given by tests. */
  random?: () => number
}

/** Exponential with ±20 % jitter, as `reconnect.backoff` of Kafka's own clients (KIP-144, KIP-580). */
export function backOffMs(attempt: number, { initialMs, maxMs, random = Math.random }: BackOffOptions): number {
  const base = Math.min(maxMs, initialMs * 2 ** Math.min(attempt, 30))
  return base * (0.8 + 0.4 * random())
}

/** Waits, or throws `kafka_closed` as soon as the client closes. */
export async function pause(ms: number, signal: AbortSignal, doing: string): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch (error) {
    throw kafkaError('CLOSED', doing, error)
  }
}
