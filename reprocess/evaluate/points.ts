import { longer } from '../../recommend/session-index/longer.ts'

/** One per prediction: whose session, at which rank the item was that came next (0: not in the list). */
export class Points {
  sessions = new Int32Array(1024)
  ranks = new Int32Array(1024)
  /** Among items new to the session; −1 where the item was not new. */
  novelRanks = new Int32Array(1024)
  count = 0

  add(session: number, rank: number, novelRank: number): void {
    const at = this.count++
    this.sessions = longer(this.sessions, this.count)
    this.ranks = longer(this.ranks, this.count)
    this.novelRanks = longer(this.novelRanks, this.count)
    this.sessions[at] = session
    this.ranks[at] = rank
    this.novelRanks[at] = novelRank
  }
}
