import { commonFeatures, featureCount } from './features.ts'

export const hiddenUnits = 8

/** Where each part of the 455 weights begins. */
export const part = {
  /** w: one per feature. */
  linear: 0,
  /** w': on top for own items. */
  own: featureCount,
  /** u: eight per feature, feature by feature. */
  hidden: featureCount + commonFeatures,
  /** b. */
  bias: featureCount + commonFeatures + hiddenUnits * featureCount,
  /** v. */
  output: featureCount + commonFeatures + hiddenUnits * featureCount + hiddenUnits
} as const

export const weightCount = part.output + hiddenUnits

const seed = 7
const [multiplier, increment, modulus] = [1103515245, 12345, 2147483648]

/** What an index starts with: a sensible linear blend, and a hidden layer that says nothing yet. */
export function startWeights(): Float64Array<ArrayBuffer> {
  const weights = new Float64Array(weightCount)
  weights[part.linear] = 0.5
  weights[part.linear + 4] = 0.3
  weights[part.linear + 8] = 0.3
  weights[part.linear + commonFeatures] = 1
  let state = seed
  for (let unit = 0; unit < hiddenUnits; unit++) {
    for (let f = 0; f < featureCount; f++) {
      state = (state * multiplier + increment) % modulus
      weights[part.hidden + f * hiddenUnits + unit] = ((state / modulus - 0.5) * 2) / Math.sqrt(featureCount)
    }
  }
  return weights
}
