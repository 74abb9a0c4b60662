import test from 'ava'
import { kafkaStories } from './testing/kafka-fixture.ts'
import { RestoredWorker } from './testing/restored-worker.ts'

const story = kafkaStories(test, 1)
/** How fast, with a million: `npm run bench -- restore`. */
const keys = 100_000

story(
  'a killed worker reads nothing again that its disk has, and all of it, once, where the disk is empty',
  async (kafka, t) => {
    const worker = await RestoredWorker.open(kafka.brokers.addresses, keys)
    try {
      const kept = await worker.restart()
      t.is(kept.restored, 0, 'from its disk')
      const wiped = await worker.restart({ isDiskEmpty: true })
      t.is(wiped.restored, keys, 'from the changelog')
      t.log(`${Math.round(kept.startMs)} ms with its disk, ${Math.round(wiped.startMs)} ms without`)
      t.is((await worker.restart()).restored, 0, 'what was restored stays')
    } finally {
      await worker.close()
    }
  }
)
