import { grown } from './grown.ts'
import type { Neighbours } from './visit.ts'

/** Items of a customer whose companions are looked at. */
const leadsMax = 8
const none = -2

/** Which of a customer's strongest items an item is bought together with, by at least three people. */
export class LedBy {
  private readonly neighbours: Pick<Neighbours, 'companionsOf' | 'load'>
  private count = 0
  private readonly items = new Int32Array(leadsMax)
  private readonly strengths = new Float64Array(leadsMax)
  /** By item: the turn in which it was named, and by which item. */
  private turns = new Int32Array(0)
  private leads = new Int32Array(0)
  private turn = 0

  constructor(neighbours: Pick<Neighbours, 'companionsOf' | 'load'>) {
    this.neighbours = neighbours
  }

  begin(): void {
    this.count = 0
    this.turn++
  }

  /** The strongest are kept, strongest first. */
  offer(item: number, strength: number): void {
    const { items, strengths } = this
    if (item < 0 || (this.count === leadsMax && strength <= strengths[leadsMax - 1])) return
    let place = this.count < leadsMax ? this.count++ : leadsMax - 1
    for (; place > 0 && strengths[place - 1] < strength; place--) {
      items[place] = items[place - 1]
      strengths[place] = strengths[place - 1]
    }
    items[place] = item
    strengths[place] = strength
  }

  read(): void {
    this.neighbours.load(this.items, this.count)
    for (let i = 0; i < this.count; i++) {
      const companions = this.neighbours.companionsOf(this.items[i])?.items ?? []
      for (const item of companions) {
        this.turns = grown(this.turns, item + 1, 0)
        this.leads = grown(this.leads, item + 1, 0)
        if (this.turns[item] === this.turn) continue
        this.turns[item] = this.turn
        this.leads[item] = this.items[i]
      }
    }
  }

  /** −2: none of them. */
  leadTo(item: number): number {
    return this.turns[item] === this.turn ? this.leads[item] : none
  }
}
