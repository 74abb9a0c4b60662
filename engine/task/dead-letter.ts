import { createHash } from 'node:crypto'
import { codeOf, messageOf, poison } from '../errors.ts'
import type { Headers } from '../record.ts'
import type { Origin } from './inputs.ts'
import type { RefusedView } from './views.ts'

export interface DeadLetter {
  key: Buffer | null
  value: Buffer | null
  headers: Headers
}

/** What `dead-letters` takes: the default limit of an input and room for headers (INTERFACES 8). */
export const deadLetterBytesMax = (1 << 20) + 65_536
/** Left for what the log adds. */
const roomBytes = 512

/** The original bytes and why they were not processed (INTERFACES 8). */
export function deadLetter(
  origin: Origin,
  error: unknown,
  at: { topology: string; step: string; time: number }
): DeadLetter {
  const { batch, index, input, offset } = origin
  const place = { topic: input.source.log, partition: input.partition, offset }
  return fitting({
    key: batch.keyBytes(index),
    value: batch.value(index),
    headers: { ...batch.headers(index), ...reasons(error, { ...at, ...place }) }
  })
}

/** Of a view that was not published; no record of the log holds it, so that its offset is -1. */
export function viewDeadLetter(view: RefusedView, time: number): DeadLetter {
  const { topology, step, log, partition, key, bytes, error } = view
  const cause = codeOf(error) === 'unexpected' ? poison('processor_failed', messageOf(error), error) : error
  const headers = reasons(cause, { topology, step, time, topic: log, partition, offset: -1 })
  return withoutValue({ key: Buffer.from(key), value: bytes ?? noBytes, headers })
}

function reasons(
  error: unknown,
  at: { topology: string; step: string; time: number; topic: string; partition: number; offset: number }
): Headers {
  const { topic, partition, offset, topology, step, time } = at
  return {
    'millrace.error.code': codeOf(error),
    'millrace.error.message': messageOf(error).slice(0, 1_000),
    'millrace.error.topic': topic,
    'millrace.error.partition': String(partition),
    'millrace.error.offset': String(offset),
    'millrace.error.topology': topology,
    'millrace.error.step': step,
    'millrace.error.at': new Date(time).toISOString()
  }
}

/** What does not fit leaves its bytes behind, then its key and the headers it came with; what it was, its hash tells. */
function fitting(letter: DeadLetter): DeadLetter {
  if (fits(letter)) return letter
  const shorter = withoutValue(letter)
  if (fits(shorter)) return shorter
  const ours = Object.entries(shorter.headers).filter(([name]) => name.startsWith('millrace.error.'))
  return { key: null, value: noBytes, headers: Object.fromEntries(ours) }
}

const fits = (letter: DeadLetter) => bytesOf(letter) <= deadLetterBytesMax - roomBytes

function withoutValue({ key, value, headers }: DeadLetter): DeadLetter {
  const bytes = value ?? noBytes
  const truncated = {
    'millrace.error.truncated': 'true',
    'millrace.error.size': String(bytes.length),
    'millrace.error.sha256': createHash('sha256').update(bytes).digest('hex')
  }
  return { key, value: noBytes, headers: { ...headers, ...truncated } }
}

function bytesOf({ key, value, headers }: DeadLetter): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, text] of Object.entries(headers)) bytes += Buffer.byteLength(name) + Buffer.byteLength(text) + 10
  return bytes
}

const noBytes = Buffer.alloc(0)
