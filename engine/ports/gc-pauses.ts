import { PerformanceObserver } from 'node:perf_hooks'

const pauseMs = 20

/**
 * Tells of the garbage collections that stop the thread that calls it for longer than `aboveMs` (default 20), several at
 * a time, until it is closed.
 */
export function onGcPauses(hear: (count: number) => void, aboveMs = pauseMs): { close(): void } {
  const observer = new PerformanceObserver(list => {
    const count = list.getEntries().filter(({ duration }) => duration > aboveMs).length
    if (count > 0) hear(count)
  })
  observer.observe({ entryTypes: ['gc'] })
  return { close: () => observer.disconnect() }
}
