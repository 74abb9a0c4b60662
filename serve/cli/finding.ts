/** What `millrace doctor` found about one thing. */
export interface Finding {
  check: string
  status: 'ok' | 'warn' | 'fail'
  detail: string
  /** What to do; absent where there is nothing to. */
  remedy?: string
}
