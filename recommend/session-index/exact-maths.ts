/**
 * Logarithm and exponential from additions, multiplications and divisions alone, which IEEE 754 rounds the same
 * everywhere: a list, and what is learned from it, has the same bits on every version of the runtime.
 */

export const ln2 = Math.LN2
/** ln 2 in two parts, so that k · ln 2 loses nothing. */
const ln2High = 0.6931471803691238
const ln2Low = 1.9082149292705877e-10
const bits = new Float64Array(1)
const words = new Uint32Array(bits.buffer)
const high = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0
/** 2^(1023 − i): brings a number with the biased exponent i to between 1 and 2. */
const scales = Float64Array.from({ length: 2047 }, (_, i) => 2 ** (1023 - i))

/** ln x for a finite x that is not denormal, above 0; error below 4e-16 of the value or of 1. */
export function naturalLog(x: number): number {
  bits[0] = x
  const biased = words[high] >>> 20
  let exponent = biased - 1023
  let mantissa = x * scales[biased]
  if (mantissa > Math.SQRT2) {
    mantissa /= 2
    exponent++
  }
  const s = (mantissa - 1) / (mantissa + 1)
  const z = s * s
  let series = (1 / 21) * z
  series = (series + 1 / 19) * z
  series = (series + 1 / 17) * z
  series = (series + 1 / 15) * z
  series = (series + 1 / 13) * z
  series = (series + 1 / 11) * z
  series = (series + 1 / 9) * z
  series = (series + 1 / 7) * z
  series = (series + 1 / 5) * z
  series = (series + 1 / 3) * z
  return exponent * ln2High + (2 * s * (1 + series) + exponent * ln2Low)
}

const inverseFactorials = inversesOfFactorials(15)

/** e^x; 0 below −700, infinite above 700. Relative error below 1e-15. */
export function exponential(x: number): number {
  if (!(x > -700)) return Number.isNaN(x) ? x : 0
  if (x > 700) return Number.POSITIVE_INFINITY
  const k = Math.floor(x / ln2 + 0.5)
  const r = x - k * ln2High - k * ln2Low
  let series = inverseFactorials[14]
  for (let i = 13; i >= 0; i--) series = series * r + inverseFactorials[i]
  words[high] = (k + 1023) << 20
  words[1 - high] = 0
  return series * bits[0]
}

const logTable = new Float64Array(8192)
for (let n = 1; n < logTable.length; n++) logTable[n] = naturalLog(n)

/** ln n of a whole number above 0. */
export function logOfCount(n: number): number {
  return n < logTable.length ? logTable[n] : naturalLog(n)
}

function inversesOfFactorials(count: number): Float64Array {
  const inverses = new Float64Array(count)
  for (let i = 0, factorial = 1; i < count; i++, factorial *= i) inverses[i] = 1 / factorial
  return inverses
}
