import type { StoreSize } from '../../engine/ports/stream-messages.ts'

/** Records of `session-steps` in order: `packRecords` without keys, and their offsets. */
export interface StepsArrived {
  type: 'steps'
  records: Uint8Array<ArrayBuffer>
  offsets: readonly number[]
  nextOffset: number
}

/** What the thread that reads the views' topics tells main. */
export type ViewEvent =
  /** Records at most that are to be read before answers may be given. */
  | { type: 'progress'; left: number }
  /** Everything there was at the start is in the store, `read` records of it anew; from here on changes are told. */
  | { type: 'caught-up'; positions: readonly number[]; read: number }
  | {
      type: 'changes'
      /** `packChanges`; written to the store already. */
      changes: Uint8Array<ArrayBuffer>
      positions: readonly [place: number, offset: number][]
    }
  | StepsArrived
  | { type: 'current'; at: number; isCurrent: boolean; lag: number; sizes: StoreSize[] }
  | { type: 'fatal'; code: string; message: string }

export type ViewOrder =
  /** A message of changes has been applied: its credit is back. */
  | { type: 'applied' }
  /** The same for a message of steps. */
  | { type: 'steps-applied' }
  | { type: 'stop' }
