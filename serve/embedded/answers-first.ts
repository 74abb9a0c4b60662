import { readdirSync } from 'node:fs'
import { setPriority } from 'node:os'

/** A tenth of the weight of the thread that answers, where two want the same processor. */
const niceness = 10

/**
 * Lets this process's main thread, which answers, go before its other threads where there are fewer processors than work:
 * what follows the log, merges files and collects garbage may be some milliseconds late, an answer may not. To be called
 * by the main thread once the others are there; what those start is as nice. On Linux, where a thread has a priority of its
 * own (setpriority(2), NOTES); elsewhere nothing is done. Beside other work on a full machine, a load takes longer so.
 */
export function letAnswersGoFirst(): void {
  if (process.platform !== 'linux') return
  for (const thread of readdirSync('/proc/self/task').map(Number)) {
    if (thread === process.pid) continue
    try {
      setPriority(thread, niceness)
    } catch (error) {
      // The thread has ended meanwhile, or nothing may be said about priorities here: then all are equal.
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error
    }
  }
}
