import { grown } from './grown.ts'

/** A rate of fewer people says nothing. */
const buyersMin = 10
/** A quarter of those who bought it came back for it: of the demo shop's products, one in twenty. */
const highRate = 0.25
const verdicts = { unknown: 0, low: 1, high: 2 } as const

/** Whether people buy an item again, by the item's number; a byte each. */
export class ReorderRates {
  private verdicts = new Uint8Array(0)

  /** null: the item has no features any more. */
  update(item: number, features: { buyers: number; reorder_rate: number | null } | null): void {
    this.verdicts = grown(this.verdicts, item + 1, verdicts.unknown)
    this.verdicts[item] = verdictOn(features?.buyers ?? 0, features?.reorder_rate ?? 0)
  }

  /** null: too few have bought it to say. */
  isHigh(item: number): boolean | null {
    const verdict = this.verdicts[item] ?? verdicts.unknown
    return verdict === verdicts.unknown ? null : verdict === verdicts.high
  }
}

function verdictOn(buyers: number, rate: number): number {
  if (buyers < buyersMin) return verdicts.unknown
  return rate >= highRate ? verdicts.high : verdicts.low
}
