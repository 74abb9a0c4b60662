import { type AfterOutcome, limits } from '../../schemas/http.ts'
import type { Answering } from '../answering.ts'
import type { Freshness } from '../ports.ts'
import type { Reply } from '../transport/transport.ts'
import type { Call } from './call.ts'

export interface AnswerReplyOptions {
  answering: Answering
  freshness: Freshness
  /** Where the caller names none. */
  deadlineMs: number
}

/** Asks the recommender, synchronously, and returns what is written. */
export type Ask = (deadlineMs: number, after: AfterOutcome | undefined) => unknown

/** Waits for the `after` token of a call, if it has one, then asks, writes and times. */
export class AnswerReply {
  private readonly options: AnswerReplyOptions

  constructor(options: AnswerReplyOptions) {
    this.options = options
  }

  /** Without `after`, in the same turn of the event loop. */
  to(call: Call, after: string | undefined, ask: Ask, cache = 'no-store'): Reply | Promise<Reply> {
    const deadlineMs = call.deadlineMs(this.options.deadlineMs)
    if (after === undefined) {
      this.begin(call, performance.now(), 0)
      return this.written(ask(deadlineMs, undefined), cache)
    }
    const startMs = performance.now()
    const timeoutMs = Math.max(0, Math.min(limits.afterWaitMs, deadlineMs - startMs))
    return this.options.freshness.waitFor(after, timeoutMs).then(seen => {
      this.begin(call, startMs, performance.now() - startMs)
      return this.written(ask(deadlineMs, seen), cache)
    })
  }

  private begin(call: Call, readMs: number, waitedMs: number): void {
    const { stages } = this.options.answering
    stages.begin()
    stages.add('read', readMs - call.request.receivedMs)
    stages.add('wait', waitedMs)
  }

  private written(value: unknown, cache: string): Reply {
    const { answering } = this.options
    const body = JSON.stringify(value)
    answering.stages.end('write')
    answering.observeStages()
    const timing = answering.stages.header()
    return {
      status: 200,
      headers: ['content-type', 'application/json', 'cache-control', cache, 'server-timing', timing],
      body
    }
  }
}
