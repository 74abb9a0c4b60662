import type { SessionIndex } from './session-index.ts'
import { head, headWords, lengthMask } from './session-log.ts'

/**
 * Sessions about to be read. Heads are fetched in one go, then both ends of their logs: loads that do not wait for
 * one another, so that the memory serves many at a time and the reading proper finds them in the cache.
 */
export class SessionReads {
  count = 0
  readonly offsets: Int32Array
  readonly lengths: Int32Array
  readonly times: Int32Array
  /** What the fetching added up; kept, so that it is not optimised away. */
  fetched = 0

  constructor(max: number) {
    this.offsets = new Int32Array(max)
    this.lengths = new Int32Array(max)
    this.times = new Int32Array(max)
  }

  /** `sessions`: numbers, of which the first `count` are read. */
  open({ sessions }: SessionIndex, numbers: Int32Array, count: number): void {
    const { offsets, lengths, times } = this
    const { heads, origin } = sessions
    const log = sessions.slices.words
    for (let i = 0; i < count; i++) {
      const at = (numbers[i] - origin) * headWords
      offsets[i] = heads[at + head.offset]
      lengths[i] = heads[at + head.lengthAndClass] & lengthMask
      times[i] = heads[at + head.time]
    }
    let fetched = 0
    for (let i = 0; i < count; i++) fetched ^= log[offsets[i]] ^ log[offsets[i] + lengths[i] - 1]
    this.fetched = fetched
    this.count = count
  }
}
