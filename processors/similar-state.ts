import type { ByteReader, ByteWriter } from '../engine/bytes.ts'
import { codec } from '../engine/index.ts'
import { Companions } from './companions.ts'

/** What is known of an item's company. */
export interface Similar {
  /** Start of the newest day, which everything is decayed to. */
  asOf: number
  /** Person-days on the item. */
  weight: number
  together: Companions
  bought: Companions
  /** How long the next change of its company will wait; 0: none has been told. A timer is set for when it is. */
  waitDays: number
  isWaiting: boolean
}

export const similarCodec = codec<Similar>({
  version: 2,
  write(out, similar) {
    writeHead(out, similar)
    similar.together.write(out)
    similar.bought.write(out)
  },
  read: input => ({ ...readHead(input), together: Companions.read(input), bought: Companions.read(input) }),
  deltas: {
    write(out, similar) {
      const { together, bought } = similar
      writeHead(out, similar)
      return together.writeDelta(out) && bought.writeDelta(out)
    },
    apply(similar, input) {
      Object.assign(similar, readHead(input))
      similar.together.applyDelta(input)
      similar.bought.applyDelta(input)
    },
    stored({ together, bought }) {
      together.stored()
      bought.stored()
    },
    memoryBytes: ({ together, bought }) => together.bytes + bought.bytes,
    released({ together, bought }) {
      together.release()
      bought.release()
    }
  }
})

type Head = Omit<Similar, 'together' | 'bought'>

function writeHead(out: ByteWriter, { asOf, weight, waitDays, isWaiting }: Head): void {
  out
    .zigzag(asOf)
    .f64(weight)
    .u8(waitDays * 2 + (isWaiting ? 1 : 0))
}

function readHead(input: ByteReader): Head {
  const [asOf, weight, flags] = [input.zigzag(), input.f64(), input.u8()]
  return { asOf, weight, waitDays: flags >> 1, isWaiting: (flags & 1) !== 0 }
}

export function nothingSimilar(day: number): Similar {
  return {
    asOf: day,
    weight: 0,
    together: new Companions(),
    bought: new Companions(),
    waitDays: 0,
    isWaiting: false
  }
}
