/** What `control` says of the demo, under the key `demo`. */
export interface DemoNote {
  kind: 'note'
  about: 'demo'
  /** Whole weeks in ms that its times are moved by: fixed at the first start. */
  shift_ms: number
  done: boolean
  /** Of the whole history; once it is done. */
  rows?: number
}
