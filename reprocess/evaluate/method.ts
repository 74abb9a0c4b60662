/** The session a method is asked about: item numbers, oldest first. */
export interface Question {
  items: readonly number[]
  /** As `startSession` gave it; −1: not in the state. */
  session: number
  /** 1; more where items only stand in for a session that is empty. */
  firstStep?: number
}

/** Something that says what comes next. Items are numbers of the replayed data. */
export interface Method {
  startSession(timeS: number): number
  observe(session: number, item: number, timeS: number): void
  /** At most `wanted` items, best first, as long as no other question is asked. */
  answer(question: Question, wanted: number): ArrayLike<number>
  /** The item that really came next; `isAnswered`: `answer` has just been asked for it. */
  learn?(event: Outcome, isAnswered: boolean): void
  /** Bytes of its arrays per click, where they are counted. */
  bytesPerClick?(): number
}

export interface Outcome {
  session: number
  item: number
  timeS: number
  weight: number
  offset: number
}
