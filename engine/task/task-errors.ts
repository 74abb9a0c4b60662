import { MillraceError } from '../errors.ts'
import type { Input } from './inputs.ts'
import type { StepTask } from './step-task.ts'

/** Where it happened; either says which task. */
interface Place {
  input?: Input
  step?: StepTask
}

/** A human must act before this task goes on; code and sentence are those of the cause. Other tasks may go on. */
export class TaskStopped extends MillraceError {
  readonly at: Place

  constructor(cause: MillraceError, at: Place) {
    super(cause.code, 'stop', cause.message, { cause })
    this.at = at
  }
}

/** Says whose the error is, where it wants a human; every other error as it is. */
export function placed(error: unknown, at: Place): unknown {
  const wantsPlace = error instanceof MillraceError && error.remedy === 'stop' && !(error instanceof TaskStopped)
  return wantsPlace ? new TaskStopped(error, at) : error
}
