import type { ExecutionContext, TestFn } from 'ava'
import { missingForBroker } from '../../connectors/kafka/testing/broker-jars.ts'
import type { StartedInstance } from './instance.ts'

export interface KafkaStories {
  /** Starts what all tests of the file share, once, if there is a broker to start. */
  open: (t: ExecutionContext) => Promise<void>
  close: () => Promise<void>
  /** Processes whose output tells what went wrong. */
  processes: () => Iterable<StartedInstance>
  timeoutMs: number
}

/** Tests of one file, one after the other, over processes they share. Without Java they are skipped, and say what to install. */
export function kafkaStories(test: TestFn, { open, close, processes, timeoutMs }: KafkaStories) {
  const missing = missingForBroker()
  if (!missing) {
    test.before(async t => {
      t.timeout(180_000)
      await open(t)
    })
    test.after.always(close)
  }
  return (title: string, run: (t: ExecutionContext) => Promise<void>): void => {
    if (missing) {
      test.skip(`${title} (skipped: ${missing})`, t => t.pass())
      return
    }
    test.serial(title, async t => {
      t.timeout(timeoutMs)
      try {
        await run(t)
      } finally {
        if (!t.passed) for (const { output } of processes()) t.log(output())
      }
    })
  }
}
