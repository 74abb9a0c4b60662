import type { Processing } from '../task/processing.ts'

const sliceMs = 10

/** Processes for a slice; true when no record was there. */
export function processSlice(processing: Processing): boolean {
  const until = performance.now() + sliceMs
  const isOver = () => performance.now() >= until
  do {
    if (!processing.runBatch(isOver)) return false
    if (processing.isUnitFull) return false
  } while (!processing.isIdle && !isOver())
  return processing.isIdle
}
