import { poison } from '../engine/errors.ts'
import type { ValueCodec } from '../engine/topic.ts'

/** JSON in UTF-8: for `control`, and for repartition topics, whose records are plain objects inside one process. */
export function jsonValue<V>(): ValueCodec<V> {
  return {
    encode: value => Buffer.from(JSON.stringify(value)),
    decode(bytes) {
      try {
        return JSON.parse(bytes.toString()) as V
      } catch (error) {
        throw poison('json_invalid', 'The value is no JSON.', error)
      }
    }
  }
}

/** The bytes as they are. */
export const bytesValue: ValueCodec<Buffer> = { encode: value => value, decode: bytes => bytes }
