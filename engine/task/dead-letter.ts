import { codeOf, messageOf } from '../errors.ts'
import type { Headers } from '../record.ts'
import type { Origin } from './inputs.ts'

export interface DeadLetter {
  key: Buffer | null
  value: Buffer | null
  headers: Headers
}

/** The original bytes and why they were not processed (INTERFACES 8). */
export function deadLetter(
  origin: Origin,
  error: unknown,
  at: { topology: string; step: string; time: number }
): DeadLetter {
  const { batch, index, input } = origin
  return {
    key: batch.keyBytes(index),
    value: batch.value(index),
    headers: {
      ...batch.headers(index),
      'millrace.error.code': codeOf(error),
      'millrace.error.message': messageOf(error).slice(0, 1_000),
      'millrace.error.topic': input.source.log,
      'millrace.error.partition': String(input.partition),
      'millrace.error.offset': String(origin.offset),
      'millrace.error.topology': at.topology,
      'millrace.error.step': at.step,
      'millrace.error.at': new Date(at.time).toISOString()
    }
  }
}
