import { createHash } from 'node:crypto'
import { ByteReader, ByteWriter } from '../../engine/bytes.ts'

/**
 * Positions in inputs that a write ended at: by topic, the offset behind its last record in each partition. `null`:
 * whatever the topic holds when the token is asked about.
 */
export type InputPositions = ReadonlyMap<string, ReadonlyMap<number, number> | null>

export interface NamedTopic {
  name: string
  /** Another one where the topic was deleted and made again. */
  id: string
}

const version = 1
const prefix = 'k'
/** In base64 it is a third longer: a token has at most 1 KiB. */
const bytesMax = 700
const stampBytes = 4

/** Writes and reads tokens: `k` and base64url of version, then per topic its number, a stamp of its id, and positions. */
export class PositionTokens {
  readonly #topics: readonly { name: string; stamp: Buffer }[]

  /** `topics`: the same in the same order in all processes of a release; new ones are put behind. */
  constructor(topics: readonly NamedTopic[]) {
    this.#topics = topics.map(({ name, id }) => ({
      name,
      stamp: createHash('sha256').update(id).digest().subarray(0, stampBytes)
    }))
  }

  /** What would be too long says "all that is there" of its topics, which includes the write. */
  encode(positions: InputPositions): string {
    const bytes = this.#bytesOf(positions)
    if (bytes.length <= bytesMax) return prefix + bytes.toString('base64url')
    return prefix + this.#bytesOf(new Map([...positions.keys()].map(topic => [topic, null]))).toString('base64url')
  }

  /** null: not a token of this log. */
  decode(token: string): InputPositions | null {
    if (!/^k[\w-]{8,1023}$/.test(token)) return null
    return this.#read(Buffer.from(token.slice(prefix.length), 'base64url'))
  }

  #bytesOf(positions: InputPositions): Buffer {
    const out = new ByteWriter(bytesMax).u8(version)
    for (const [topic, byPartition] of positions) {
      const number = this.#topics.findIndex(({ name }) => name === topic)
      if (number < 0) continue
      out.u8(number).bytes(this.#topics[number].stamp)
      out.varint(byPartition?.size ?? 0)
      for (const [partition, offset] of byPartition ?? []) out.varint(partition).varint(offset)
    }
    return out.copy()
  }

  #read(bytes: Buffer): InputPositions | null {
    const input = new ByteReader(bytes)
    const end = bytes.length
    if (input.u8() !== version) return null
    const positions = new Map<string, Map<number, number> | null>()
    while (input.position < end) {
      const topic = this.#topics[input.u8()]
      if (!topic?.stamp.equals(input.bytes(stampBytes))) return null
      const count = input.varint()
      const byPartition = new Map<number, number>()
      for (let i = 0; i < count; i++) {
        if (input.position >= end) return null
        byPartition.set(input.varint(), input.varint())
      }
      positions.set(topic.name, count === 0 ? null : byPartition)
    }
    return input.position === end && positions.size > 0 ? positions : null
  }
}
