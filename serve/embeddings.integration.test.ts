import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { describedProducts, describedTexts, embeddingService, nearestByContent } from './testing/embedding-service.ts'
import { newDirectory, startCommand } from './testing/instance.ts'

test('products are near by what the shop’s own service says, as soon as it has said it', async t => {
  const { url, texts } = await embeddingService(t)
  const directory = newDirectory(t)
  const config = join(directory, 'millrace.config.json')
  writeFileSync(config, JSON.stringify({ embeddings: { url } }))
  const started = await startCommand({
    command: 'start',
    args: ['--port', '0', '--no-demo', '--config', config],
    directory: join(directory, 'data'),
    noteIn: join(directory, 'data')
  })
  t.teardown(() => started.kill('SIGKILL'))
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify(describedProducts)
  t.is((await fetch(`${started.url}/v1/tables/products`, { method: 'POST', headers, body })).status, 202)
  const nearest = await nearestByContent(started.url)
  t.like(nearest, { product_id: 'p2', reasons: [{ code: 'similar_content', product_id: 'p1' }] })
  t.deepEqual(texts.sort(), describedTexts)
})
