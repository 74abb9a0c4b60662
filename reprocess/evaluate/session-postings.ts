/** What both neighbour methods keep: the distinct items of every session, and per item its sessions, oldest first. */
export class SessionPostings {
  readonly sessions: number[][] = []
  private readonly postings = new Map<number, number[]>()

  startSession(): number {
    this.sessions.push([])
    return this.sessions.length - 1
  }

  observe(session: number, item: number): void {
    const items = this.sessions[session]
    if (items.includes(item)) return
    items.push(item)
    const posting = this.postings.get(item)
    if (posting) posting.push(session)
    else this.postings.set(item, [session])
  }

  /** The newest `max` sessions of an item, oldest first. */
  newest(item: number, max: number): number[] {
    return this.postings.get(item)?.slice(-max) ?? []
  }

  sessionsWith(item: number): number {
    return this.postings.get(item)?.length ?? 0
  }
}
