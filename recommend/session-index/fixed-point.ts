import { decay } from '../decay.ts'
import { exponential, ln2, naturalLog } from './exact-maths.ts'
import type { RetrievalParameters } from './parameters.ts'

/**
 * Every sum is a whole number in units of 1/16384, so it does not depend on the order of its parts: replay, merge and
 * comparison with an oracle are exact. Weights are rounded once, in these tables; products and quotients are cut.
 */
export const one = 16384

export interface WeightTables {
  /** By steps back in the running session, from 1; never 0. */
  position: Int32Array
  /** By distance from the match, in units of 1: multiplied with a fixed-point number it gives one. */
  distance: Float64Array
  /** 1/d. */
  inverse: Int32Array
  /** By place in the ring, 0 the newest. */
  fresh: Int32Array
}

const tableLength = 1024

export function weightTables({ positionDecay, distanceDecay, rankDecay }: RetrievalParameters): WeightTables {
  return {
    position: rounded(t => exponential(-(t - 1) / positionDecay)).map(weight => Math.max(weight, 1)),
    distance: Float64Array.from(
      rounded(d => exponential(-d / distanceDecay)),
      weight => weight / one
    ),
    inverse: rounded(d => (d > 0 ? 1 / d : 0)),
    fresh: rounded(rank => exponential(-rank / rankDecay))
  }
}

function rounded(weight: (i: number) => number): Int32Array {
  return Int32Array.from({ length: tableLength }, (_, i) => Math.round(one * weight(i)))
}

const mantissaLogs = Float64Array.from({ length: 2048 }, (_, i) => naturalLog(1 + (i + 0.5) / 2048))

/** ln of a positive int32, by the middle of its mantissa's 2,048th; fractions are cut. */
export function integerLog(x: number): number {
  const zeros = Math.clz32(x)
  return (31 - zeros) * ln2 + mantissaLogs[((x << zeros) >>> 20) & 2047]
}

const stepsPerHalfLife = 32
const halfLivesMax = 32
const halvings = Float64Array.from({ length: stepsPerHalfLife * halfLivesMax }, (_, i) => decay(i, stepsPerHalfLife))

/** 2^(−halfLives), cut to 32nds of one; from 32 on it is 0. */
export function coarseDecay(halfLives: number): number {
  return halfLives < halfLivesMax ? halvings[(halfLives * stepsPerHalfLife) | 0] : 0
}
