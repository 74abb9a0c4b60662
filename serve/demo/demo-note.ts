/** What `control` says of the demo, under the key `demo`. */
export interface DemoNote {
  kind: 'note'
  about: 'demo'
  /** Whole weeks in ms that its times are moved by: fixed at the first start. */
  shift_ms: number
  /** All of it is in the answers. */
  done: boolean
  /** As much of it as was to be loaded is in the answers; else somebody is at it, or was interrupted. */
  ended?: boolean
  /** On the log, and of the whole history. */
  rows?: number
  rows_total?: number
}
