/** By topic and partition. */
export type Offsets = ReadonlyMap<string, ReadonlyMap<number, number>>

/** What the log says of where things stand; each call asks it. */
export interface LogPositions {
  /** What the streams have committed; absent = nothing yet. */
  committed(topics: readonly string[]): Promise<Offsets>
  /** Behind the last record, those of open transactions included. */
  ends(topics: readonly string[]): Promise<Offsets>
}
