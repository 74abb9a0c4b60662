import { stop } from '../../engine/errors.ts'
import { isAlive, readInstance } from '../admin/instance.ts'

const pollMs = 100

/** Tells the worker that runs on the directory to commit, hand over its tasks and end; waits until it has. */
export async function drainWorker(directory: string): Promise<void> {
  const instance = readInstance(directory)
  if (!instance || !(await isAlive(instance))) {
    throw stop('worker_not_running', `No worker runs on ${directory}: check data_dir, or look on its own machine.`)
  }
  process.kill(instance.pid, 'SIGUSR2')
  while (isThere(instance.pid)) await new Promise(resolve => setTimeout(resolve, pollMs))
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false // No such process any more.
  }
}
