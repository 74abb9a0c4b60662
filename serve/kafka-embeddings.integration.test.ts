import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { type BrokerCluster, startBrokers } from '../connectors/kafka/testing/broker.ts'
import { describedProducts, describedTexts, embeddingService, nearestByContent } from './testing/embedding-service.ts'
import type { StartedInstance } from './testing/instance.ts'
import { KafkaShop, post, untilReady } from './testing/kafka-shop.ts'
import { kafkaStories } from './testing/kafka-stories.ts'

/** The shop's own embedding service, asked by a worker on Kafka. */

let brokers: BrokerCluster
let root: string
const processes: StartedInstance[] = []

const story = kafkaStories(test, {
  open: async () => {
    root = mkdtempSync(join(tmpdir(), 'millrace-kafka-embeddings-'))
    brokers = await startBrokers(1)
  },
  close: async () => {
    await Promise.all(processes.map(instance => instance.kill('SIGKILL')))
    await brokers?.stop()
    rmSync(root, { recursive: true, force: true })
  },
  processes: () => processes,
  timeoutMs: 120_000
})

story('products are embedded once for all replicas, and not again after a restart', async t => {
  const { url, texts } = await embeddingService(t)
  const shop = new KafkaShop(brokers, root, { MILLRACE_EMBEDDINGS_URL: url })
  const [first, replica] = await Promise.all([shop.stream('worker'), shop.serve('replica')])
  processes.push(first, replica)
  for (const instance of processes) await untilReady(instance)
  t.is((await post(`${replica.url}/v1/tables/products`, describedProducts)).status, 202)
  const nearest = await nearestByContent(replica.url)
  t.like(nearest, { product_id: 'p2', reasons: [{ code: 'similar_content', product_id: 'p1' }] })
  t.deepEqual([...texts].sort(), describedTexts)
  await first.kill('SIGTERM')
  const again = await shop.stream('worker')
  processes.push(again)
  await untilReady(again)
  const tea = { ...describedProducts[0], title: 'Black leaves of tea' }
  t.is((await post(`${replica.url}/v1/tables/products`, [tea])).status, 202)
  for (let i = 0; i < 400 && texts.length < 4; i++) await new Promise(resolve => setTimeout(resolve, 50))
  t.deepEqual(texts.slice(3), ['Black leaves of tea\ndrinks'])
})
