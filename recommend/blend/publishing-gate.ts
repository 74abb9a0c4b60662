export const predictions = 10_000
/** Fewer say nothing yet. */
const predictionsMin = 1000
const scale = 1_000_000

/** Is the learned blend at least as good as the fixed one, by the mean reciprocal rank of the last 10,000 predictions? */
export class PublishingGate {
  readonly differences = new Int32Array(predictions)
  count = 0
  private sum = 0

  /** Ranks, from 1, of the item that came next, by both. */
  record(learnedRank: number, fixedRank: number): void {
    const place = this.count % predictions
    const difference = Math.round(scale / learnedRank) - Math.round(scale / fixedRank)
    this.sum += difference - this.differences[place]
    this.differences[place] = difference
    this.count++
  }

  get isOpen(): boolean {
    return this.count < predictionsMin || this.sum >= 0
  }

  /** Mean reciprocal rank of the learned blend minus that of the fixed one. */
  get lead(): number {
    return this.count === 0 ? 0 : this.sum / Math.min(this.count, predictions) / scale
  }

  save(): { differences: Int32Array; count: number } {
    return { differences: this.differences.slice(), count: this.count }
  }

  restore({ differences, count }: { differences: Int32Array; count: number }): void {
    this.differences.set(differences)
    this.count = count
    this.sum = differences.reduce((total, difference) => total + difference, 0)
  }
}
