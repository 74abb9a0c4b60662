import { commonFeatures, type Features, featureCount, hopFeature } from './features.ts'
import { hiddenUnits, part } from './weights.ts'

/** Below 0 a hidden unit passes so much. */
export const leak = 0.1

/** score = w·x + [own] w'·x + Σ v·φ(u·x + b), of every candidate; absent evidence costs nothing. */
export class Scorer {
  scores = new Float64Array(256)
  /** What the hidden units said, eight per candidate. */
  activations = new Float64Array(256 * hiddenUnits)

  score({ x, own, joinedFrom }: Features, count: number, weights: Float64Array): void {
    this.reserve(count)
    for (let i = 0; i < count; i++) {
      const at = i * featureCount
      let linear = 0
      if (own[i] > 0) {
        for (let f = 0; f < commonFeatures; f++) linear += weights[part.own + f] * x[at + f]
      }
      const from = i < joinedFrom ? 0 : hopFeature
      this.scores[i] = this.scoreOne(x, at, {
        i,
        linear,
        from,
        to: own[i] > 0 ? featureCount : commonFeatures,
        weights
      })
    }
  }

  reserve(count: number): void {
    if (count <= this.scores.length) return
    this.scores = new Float64Array(count * 2)
    this.activations = new Float64Array(count * 2 * hiddenUnits)
  }

  private scoreOne(
    x: Float64Array,
    at: number,
    { i, linear, from, to, weights }: { i: number; linear: number; from: number; to: number; weights: Float64Array }
  ): number {
    let score = linear
    let h0 = weights[part.bias]
    let h1 = weights[part.bias + 1]
    let h2 = weights[part.bias + 2]
    let h3 = weights[part.bias + 3]
    let h4 = weights[part.bias + 4]
    let h5 = weights[part.bias + 5]
    let h6 = weights[part.bias + 6]
    let h7 = weights[part.bias + 7]
    for (let f = from; f < to; f++) {
      const value = x[at + f]
      if (value === 0) continue
      const u = part.hidden + f * hiddenUnits
      score += weights[f] * value
      h0 += weights[u] * value
      h1 += weights[u + 1] * value
      h2 += weights[u + 2] * value
      h3 += weights[u + 3] * value
      h4 += weights[u + 4] * value
      h5 += weights[u + 5] * value
      h6 += weights[u + 6] * value
      h7 += weights[u + 7] * value
    }
    const { activations } = this
    const out = i * hiddenUnits
    activations[out] = h0 > 0 ? h0 : leak * h0
    activations[out + 1] = h1 > 0 ? h1 : leak * h1
    activations[out + 2] = h2 > 0 ? h2 : leak * h2
    activations[out + 3] = h3 > 0 ? h3 : leak * h3
    activations[out + 4] = h4 > 0 ? h4 : leak * h4
    activations[out + 5] = h5 > 0 ? h5 : leak * h5
    activations[out + 6] = h6 > 0 ? h6 : leak * h6
    activations[out + 7] = h7 > 0 ? h7 : leak * h7
    for (let unit = 0; unit < hiddenUnits; unit++) score += weights[part.output + unit] * activations[out + unit]
    return score
  }
}
