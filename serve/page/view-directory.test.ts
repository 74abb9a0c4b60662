import test from 'ava'
import { EmbeddedLog } from '../../engine/log/embedded-log.ts'
import { MemoryStore } from '../../engine/stores/memory-store.ts'
import { users } from '../../schemas/topics.ts'
import { ShopFixture } from '../testing/shop-fixture.ts'
import { ViewDirectory } from './view-directory.ts'

async function directoryOf() {
  const log = new EmbeddedLog(new MemoryStore())
  await log.ensureTopics([{ name: users.name, partitions: 2, cleanup: 'compact', recordBytesMax: 1 << 20 }])
  const { views } = new ShopFixture(new MemoryStore()).start()
  const status = () => ({ load: null, staleness_ms: 0, events: 0 })
  const directory = new ViewDirectory({ views, log, status })
  const come = (user_id: string, name: string) => {
    const row = { user_id, name, country: 'France', preferences: null, consent_personalization: null, updated_at: 1 }
    return log.append(users.name, [{ key: user_id, value: users.value.encode(row), timestamp: 1 }])
  }
  return { directory, come }
}

test('customers are found as soon as the log has handed them out', async t => {
  const { directory, come } = await directoryOf()
  t.deepEqual(directory.searchCustomers('', 10), [])
  await come('u1', 'Ada')
  await come('u2', 'Grace')
  t.deepEqual(directory.searchCustomers('fra gra', 10), [
    { user_id: 'u2', name: 'Grace', country: 'France', orders: 0 }
  ])
})
