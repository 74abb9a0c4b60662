import test from 'ava'
import { loadConfig } from '../schemas/config.ts'
import { composeAcls } from './compose-acls.ts'

test('rights are printed for every topic that a worker reads or writes, wherever purchases are counted from', t => {
  const { config } = loadConfig({ env: { MILLRACE_NAMESPACE: 'shop' } })
  const lines = composeAcls(config)
  for (const topic of ['interactions', 'orders', 'ticks', 'company', 'handovers', 'item-embeddings', 'impressions']) {
    t.is(lines.filter(line => line.includes(` ${topic} `) || line.endsWith(` ${topic}`)).length, 1, topic)
  }
  t.true(lines.some(line => line.includes('shop.')))
  t.false(lines.some(line => line.includes('millrace.')))
})
