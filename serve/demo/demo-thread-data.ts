/** Name of the demo's bulk load: of its history on the log and of its producer. */
export const demoLoad = 'demo'

export interface DemoThreadData {
  /** Whole weeks that the shop's times are moved by. */
  shiftMs: number
  /** Position of the last batch that is on the log. */
  after: string
}

export interface DemoProgress {
  rows: number
  rowsTotal: number
  isDone: boolean
}
