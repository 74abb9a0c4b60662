import { type Faults, noFaults } from '../../engine/faults.ts'

/** A fault test names a point of the commit; the nth time it is passed, the process dies as by `kill -9`. */
export function faultsFromTest(fault: { point: string; nth: number } | undefined): Faults {
  if (!fault) return noFaults
  let passed = 0
  return {
    hit: point => {
      if (point === fault.point && ++passed === fault.nth) process.kill(process.pid, 'SIGKILL')
    }
  }
}
