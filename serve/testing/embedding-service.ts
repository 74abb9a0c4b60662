import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const wave = (phase: number) => Array.from({ length: 300 }, (_, i) => Math.sin(i + phase))

/** An embedding service that knows that a kettle goes with tea, which no word of theirs says; ended with the test. */
export async function embeddingService(t: { teardown(end: () => void): void }) {
  const texts: string[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { input } = JSON.parse(body) as { input: string[] }
    texts.push(...input)
    const data = input.map((text, index) => ({ index, embedding: wave(/tea|kettle/i.test(text) ? 0 : 2) }))
    response.end(JSON.stringify({ data }))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return { texts, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/embeddings` }
}

const product = (product_id: string, title: string, category: string) => ({ product_id, title, category, price: 9 })

/** Two that are near by what the service says alone, and another one; with what it is asked about them. */
export const describedProducts = [
  product('p1', 'Green leaves of tea', 'drinks'),
  product('p2', 'Steel kettle', 'kitchen'),
  product('p3', 'Hammer', 'tools')
]
export const describedTexts = ['Green leaves of tea\ndrinks', 'Hammer\ntools', 'Steel kettle\nkitchen']

/** What is most similar to `p1`, once that is told by content; undefined: it was not in 20 s. */
export async function nearestByContent(url: string): Promise<{ product_id: string } | undefined> {
  for (let i = 0; i < 400; i++) {
    const answer = await fetch(`${url}/v1/products/p1/similar?limit=1`)
    const { items } = (await answer.json()) as { items: { product_id: string; reasons: { code: string }[] }[] }
    if (items[0]?.reasons[0].code === 'similar_content') return items[0]
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  return undefined
}
