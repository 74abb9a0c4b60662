import { exponential } from '../session-index/exact-maths.ts'
import { commonFeatures, type Features, featureCount } from './features.ts'
import { leak, type Scorer } from './scorer.ts'
import { hiddenUnits, part, startWeights, weightCount } from './weights.ts'

const learningRate = 0.05
/** Squared gradients count from here: the first steps are no leaps. */
const squaresFrom = 1
/** Candidates that the prediction was right about to this degree teach nothing. */
const gradientMin = 1e-4
/** Squared gradients halve every so many steps, so that the blend follows seasons (docs/quality.md). */
const halvingSteps = 16_384

/**
 * Learns the blend: softmax over the candidates, the item that really came next is the target, one AdaGrad step (Duchi,
 * Hazan, Singer 2011) per event. One sequential consumer; the order of its events defines what it learns.
 */
export class Learner {
  readonly weights: Float64Array<ArrayBuffer>
  readonly squares: Float64Array<ArrayBuffer>
  steps = 0
  /** Steps left out because a gradient was not finite. */
  skipped = 0
  private readonly gradients = new Float64Array(weightCount)
  private readonly hidden = new Float64Array(hiddenUnits)
  private probabilities = new Float64Array(256)
  private readonly halvingSteps: number

  constructor(state: Partial<LearnerState> = {}, everySteps = halvingSteps) {
    this.weights = state.weights?.slice() ?? startWeights()
    this.squares = state.squares?.slice() ?? new Float64Array(weightCount).fill(squaresFrom)
    this.steps = state.steps ?? 0
    this.skipped = state.skipped ?? 0
    this.halvingSteps = everySteps
  }

  /** `target`: place among the `count` candidates that `scorer` has just scored with these weights. */
  learn(features: Features, scorer: Scorer, { count, target, weight }: Outcome): void {
    if (this.probabilities.length < count) this.probabilities = new Float64Array(count * 2)
    const total = this.exponentials(scorer.scores, count)
    this.gradients.fill(0)
    for (let i = 0; i < count; i++) {
      const error = this.probabilities[i] / total - (i === target ? 1 : 0)
      if (error < gradientMin && error > -gradientMin) continue
      this.addGradient(features, scorer, { i, error: error * weight })
    }
    this.step()
  }

  private exponentials(scores: Float64Array, count: number): number {
    let highest = Number.NEGATIVE_INFINITY
    for (let i = 0; i < count; i++) if (scores[i] > highest) highest = scores[i]
    let total = 0
    for (let i = 0; i < count; i++) {
      this.probabilities[i] = exponential(scores[i] - highest)
      total += this.probabilities[i]
    }
    return total
  }

  private addGradient({ x, own }: Features, scorer: Scorer, { i, error }: { i: number; error: number }): void {
    const { gradients, hidden, weights } = this
    const at = i * featureCount
    const isOwn = own[i] > 0
    if (isOwn) for (let f = 0; f < commonFeatures; f++) gradients[part.own + f] += error * x[at + f]
    for (let unit = 0; unit < hiddenUnits; unit++) {
      const activation = scorer.activations[i * hiddenUnits + unit]
      gradients[part.output + unit] += error * activation
      hidden[unit] = error * weights[part.output + unit] * (activation > 0 ? 1 : leak)
      gradients[part.bias + unit] += hidden[unit]
    }
    const features = isOwn ? featureCount : commonFeatures
    for (let f = 0; f < features; f++) {
      const value = x[at + f]
      if (value === 0) continue
      gradients[part.linear + f] += error * value
      const u = part.hidden + f * hiddenUnits
      for (let unit = 0; unit < hiddenUnits; unit++) gradients[u + unit] += hidden[unit] * value
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
    if (this.steps % this.halvingSteps === 0) for (let i = 0; i < weightCount; i++) squares[i] /= 2
  }
}

export interface LearnerState {
  weights: Float64Array<ArrayBuffer>
  squares: Float64Array<ArrayBuffer>
  steps: number
  skipped: number
}

interface Outcome {
  /** Candidates scored. */
  count: number
  target: number
  /** Of the event's type. */
  weight: number
}
