import { exponential } from '../session-index/exact-maths.ts'

export const basketFeatures = 15
/** The first so many are of the customer's own items only, and 0 for others. */
const ownFeatures = 5
const isOwn = 1
const hiddenUnits = 8
const leak = 0.1
const learningRate = 0.05
const part = {
  linear: 0,
  hidden: basketFeatures,
  bias: basketFeatures * (hiddenUnits + 1),
  output: basketFeatures * (hiddenUnits + 1) + hiddenUnits
}
export const weightCount = part.output + hiddenUnits

/** score = w·x + Σ v·φ(u·x + b), learned online: softmax, its mass spread over all that was really ordered. */
export class BasketRanker {
  readonly weights = startWeights()
  readonly squares = new Float64Array(weightCount).fill(1)
  steps = 0
  skipped = 0
  scores = new Float64Array(1024)
  private activations = new Float64Array(1024 * hiddenUnits)
  private probabilities = new Float64Array(1024)
  private readonly gradients = new Float64Array(weightCount)

  /** Goes on where another has stopped. */
  restore(learned: { weights: Float64Array; squares: Float64Array; steps: number; skipped: number }): void {
    this.weights.set(learned.weights)
    this.squares.set(learned.squares)
    this.steps = learned.steps
    this.skipped = learned.skipped
  }

  score(x: Float64Array, count: number): void {
    if (count > this.scores.length) {
      this.scores = new Float64Array(count * 2)
      this.probabilities = new Float64Array(count * 2)
      this.activations = new Float64Array(count * 2 * hiddenUnits)
    }
    const { weights, activations } = this
    for (let i = 0; i < count; i++) {
      const at = i * basketFeatures
      const first = x[at + isOwn] === 0 ? ownFeatures : 0
      let score = 0
      for (let f = first; f < basketFeatures; f++) score += weights[f] * x[at + f]
      for (let unit = 0; unit < hiddenUnits; unit++) {
        let z = weights[part.bias + unit]
        const u = part.hidden + unit * basketFeatures
        for (let f = first; f < basketFeatures; f++) z += weights[u + f] * x[at + f]
        const activation = z > 0 ? z : leak * z
        activations[i * hiddenUnits + unit] = activation
        score += weights[part.output + unit] * activation
      }
      this.scores[i] = score
    }
  }

  /** After `score`. `isOrdered`: of each of the `count` candidates. */
  learn(x: Float64Array, count: number, isOrdered: (candidate: number) => boolean): void {
    const { scores, probabilities, gradients } = this
    let ordered = 0
    let highest = Number.NEGATIVE_INFINITY
    for (let i = 0; i < count; i++) {
      if (isOrdered(i)) ordered++
      highest = Math.max(highest, scores[i])
    }
    if (ordered === 0) return
    let total = 0
    for (let i = 0; i < count; i++) {
      probabilities[i] = exponential(scores[i] - highest)
      total += probabilities[i]
    }
    gradients.fill(0)
    for (let i = 0; i < count; i++) this.addGradient(x, i, probabilities[i] / total - (isOrdered(i) ? 1 / ordered : 0))
    this.step()
  }

  private addGradient(x: Float64Array, i: number, error: number): void {
    const { gradients, weights, activations } = this
    const at = i * basketFeatures
    for (let f = 0; f < basketFeatures; f++) gradients[f] += error * x[at + f]
    for (let unit = 0; unit < hiddenUnits; unit++) {
      const activation = activations[i * hiddenUnits + unit]
      gradients[part.output + unit] += error * activation
      const hidden = error * weights[part.output + unit] * (activation > 0 ? 1 : leak)
      gradients[part.bias + unit] += hidden
      const u = part.hidden + unit * basketFeatures
      for (let f = 0; f < basketFeatures; f++) gradients[u + f] += hidden * x[at + f]
    }
  }

  private step(): void {
    const { gradients, squares, weights } = this
    let check = 0
    for (let i = 0; i < weightCount; i++) check += gradients[i]
    if (!Number.isFinite(check)) {
      this.skipped++
      return
    }
    for (let i = 0; i < weightCount; i++) {
      const gradient = gradients[i]
      if (gradient === 0) continue
      squares[i] += gradient * gradient
      weights[i] -= (learningRate * gradient) / Math.sqrt(squares[i])
    }
    this.steps++
  }
}

function startWeights(): Float64Array<ArrayBuffer> {
  const weights = new Float64Array(weightCount)
  weights[0] = 1
  weights[5] = 0.5
  weights[7] = 0.3
  let state = 7
  for (let i = 0; i < hiddenUnits * basketFeatures; i++) {
    state = (state * 1103515245 + 12345) % 2147483648
    weights[part.hidden + i] = ((state / 2147483648 - 0.5) * 2) / Math.sqrt(basketFeatures)
  }
  return weights
}
