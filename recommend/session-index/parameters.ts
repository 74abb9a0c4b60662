/**
 * One set for all shops; what each is sensitive to is written down in docs/quality.md. Letters are those of the
 * literature and of the steps in gather.ts.
 */
export interface RetrievalParameters {
  /** m: newest sessions kept per item. */
  ringSessions: number
  /** k: neighbour sessions scanned. */
  neighbours: number
  /** mD: sessions read for the rules of the current item. */
  ruleSessions: number
  /** mE: sessions read for the rules of the item before it. */
  previousRuleSessions: number
  /** L: newest distinct items of the session that select neighbours. */
  seedItems: number
  /** An item t steps back selects with e^(−(t−1)/positionDecay). */
  positionDecay: number
  /** Distance d from the match in a neighbour counts e^(−d/distanceDecay). */
  distanceDecay: number
  /** W: positions scanned either side of the match. */
  window: number
  /** The r-th newest session of an item counts e^(−r/rankDecay) in the recent rules. */
  rankDecay: number
  /** A neighbour of this age counts 1/√2. */
  recencyS: number
  /** C: candidates ranked before the second hop. */
  candidates: number
  /** Of a long session, the newest so many own items stay candidates. */
  ownCandidates: number
  /** Candidates through which the second hop goes, sessions read of each, items it may add; 0 leaves it out. */
  hopItems: number
  hopSessions: number
  hopAdded: number
  /** No second hop where so many items were touched. */
  hopTouchedMax: number
  /** Half-lives of popularity; always four. */
  halfLivesS: readonly [number, number, number, number]
  /** Newest events of the running session that are looked at. */
  ownEventsMax: number
  /** Events kept per session, at most 65,535. */
  sessionEventsMax: number
}

/** For analysis offline, and for shops with few, hot items. */
const full: RetrievalParameters = {
  ringSessions: 500,
  neighbours: 150,
  ruleSessions: 300,
  previousRuleSessions: 100,
  seedItems: 10,
  positionDecay: 3,
  distanceDecay: 2,
  window: 40,
  rankDecay: 32,
  recencyS: 3600,
  candidates: 120,
  ownCandidates: 60,
  hopItems: 6,
  hopSessions: 30,
  hopAdded: 40,
  hopTouchedMax: 1000,
  halfLivesS: [3600, 86_400, 7 * 86_400, 30 * 86_400],
  ownEventsMax: 200,
  sessionEventsMax: 1000
}

/** What serving uses. */
export const fast: RetrievalParameters = {
  ...full,
  ringSessions: 300,
  neighbours: 100,
  ruleSessions: 150,
  previousRuleSessions: 50,
  candidates: 80,
  hopSessions: 15,
  // Long visits are most of what a scan costs; farther away evidence has faded (docs/quality.md).
  window: 15
}

export const profiles = { fast, full }

/** How much history an index holds. What falls out is subtracted as an erasure is. */
export interface Horizon {
  ageMaxS: number
  clicksMax: number
}

export const horizon: Horizon = { ageMaxS: 90 * 86_400, clicksMax: 20_000_000 }
