import { stop } from '../../engine/errors.ts'
import type { Config } from '../../schemas/config.ts'

/** What a stream thread needs for its heap, its store and what is on its way, MB. */
const memoryMinMb = 256

/** The share of one thread in `stream.memory_max_mb`, MB; refused where it is too small to run. */
export function memoryOfThread({ stream: { memory_max_mb, threads } }: Pick<Config, 'stream'>): number {
  const share = Math.floor(memory_max_mb / threads)
  if (share >= memoryMinMb) return share
  throw stop(
    'bad_config',
    `stream.memory_max_mb is ${memory_max_mb} for ${threads} threads, and each needs ${memoryMinMb} MB: ` +
      `say at least ${memoryMinMb * threads}, or fewer stream.threads.`
  )
}
