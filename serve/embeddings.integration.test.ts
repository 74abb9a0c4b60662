import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { newDirectory, startCommand } from './testing/instance.ts'

const product = (product_id: string, title: string, category: string) => ({ product_id, title, category, price: 9 })

const wave = (phase: number) => Array.from({ length: 300 }, (_, i) => Math.sin(i + phase))

/** Knows that a kettle goes with tea, which no word of theirs says. */
function service() {
  const texts: string[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { input } = JSON.parse(body) as { input: string[] }
    texts.push(...input)
    const data = input.map((text, index) => ({ index, embedding: wave(/tea|kettle/i.test(text) ? 0 : 2) }))
    response.end(JSON.stringify({ data }))
  })
  return { server, texts }
}

test('products are near by what the shop’s own service says, as soon as it has said it', async t => {
  const { server, texts } = service()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const directory = newDirectory(t)
  const config = join(directory, 'millrace.config.json')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/embeddings`
  writeFileSync(config, JSON.stringify({ embeddings: { url } }))
  const started = await startCommand({
    command: 'start',
    args: ['--port', '0', '--no-demo', '--config', config],
    directory: join(directory, 'data'),
    noteIn: join(directory, 'data')
  })
  t.teardown(() => started.kill('SIGKILL'))
  const rows = [
    product('p1', 'Green leaves of tea', 'drinks'),
    product('p2', 'Steel kettle', 'kitchen'),
    product('p3', 'Hammer', 'tools')
  ]
  const headers = { 'content-type': 'application/json' }
  const put = await fetch(`${started.url}/v1/tables/products`, { method: 'POST', headers, body: JSON.stringify(rows) })
  t.is(put.status, 202)
  let first: { product_id: string; reasons: { code: string }[] } | undefined
  for (let i = 0; i < 200 && first?.reasons[0].code !== 'similar_content'; i++) {
    await new Promise(resolve => setTimeout(resolve, 50))
    const answer = await fetch(`${started.url}/v1/products/p1/similar?limit=1`)
    first = ((await answer.json()) as { items: (typeof first)[] }).items[0]
  }
  t.like(first, { product_id: 'p2', reasons: [{ code: 'similar_content', product_id: 'p1' }] })
  t.deepEqual(texts.sort(), ['Green leaves of tea\ndrinks', 'Hammer\ntools', 'Steel kettle\nkitchen'])
})
