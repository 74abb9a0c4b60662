import type { ExecutionContext, TestFn } from 'ava'
import { type BrokerCluster, startBrokers } from './broker.ts'
import { missingForBroker } from './broker-jars.ts'
import { StreamShop } from './stream-shop.ts'

type Options = ConstructorParameters<typeof StreamShop>[1] & {
  /** What has to be there before the shop is opened. */
  before?: (t: ExecutionContext) => Promise<void>
}
type Story = (t: ExecutionContext, shop: StreamShop) => Promise<void>

/** Tests of one file share a broker; each has a shop of its own on it. Without Java they are skipped, and say what to install. */
export function shopStories(test: TestFn, { timeoutMs }: { timeoutMs: number }) {
  const missing = missingForBroker()
  let brokers: BrokerCluster | undefined
  if (!missing) {
    test.before(async t => {
      t.timeout(120_000)
      brokers = await startBrokers(1)
    })
    test.after.always(() => brokers?.stop())
  }
  const address = () => (brokers as BrokerCluster).addresses
  const story = (title: string, run: Story, { before, ...options }: Options = {}): void => {
    if (missing) {
      test.skip(`${title} (skipped: ${missing})`, t => t.pass())
      return
    }
    test.serial(title, async t => {
      t.timeout(timeoutMs)
      await before?.(t)
      const shop = new StreamShop(address(), options)
      try {
        await shop.open()
        await run(t, shop)
      } finally {
        for (const [name, { restarts }] of shop.running) if (restarts.length > 0) t.log(name, restarts)
        await shop.close()
      }
    })
  }
  return story
}
