/**
 * CPU per answer of the recommender alone (no HTTP, no JSON), by surface, with warm caches, on seeded synthetic shops.
 *
 *     npm run bench -- recommender [--json] [--items 4000] [--answers 20000]
 */
import { parseArgs } from 'node:util'
import { MemoryStore } from '../../engine/stores/memory-store.ts'
import { startWeights } from '../../recommend/blend/weights.ts'
import type { Query } from '../ports.ts'
import { fixtureNow, type RunningShop, ShopFixture } from '../testing/shop-fixture.ts'
import { buildSyntheticShop, type SyntheticShop, seeded } from '../testing/synthetic-shop.ts'

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, items: { type: 'string' }, answers: { type: 'string', default: '20000' } },
  strict: false
})
const seed = 7
const visitors = 2000
const answers = Math.max(10, Math.floor(Number(values.answers) / 10) * 10)
const sizes = values.items === undefined ? [4000, 100_000] : [Number(values.items)]

for (const items of sizes) {
  const fixture = new ShopFixture(new MemoryStore())
  const synthetic = buildSyntheticShop(fixture, { items, visitors, seed })
  const customers = addCustomers(fixture, synthetic)
  fixture.together('*', {}, 1000)
  fixture.changes.length = 0
  const heapBefore = usedHeap()
  const start = performance.now()
  const shop = fixture.start({ cacheBytesMax: 1 << 30 })
  report(items, 'start', 'build_ms', performance.now() - start)
  report(items, 'start', 'heap_bytes_per_item', (usedHeap() - heapBefore) / items)
  shop.views.loadNeighbours(synthetic.items)
  const indexing = performance.now()
  const steps = visit(shop, synthetic)
  report(items, 'start', 'index_us_per_step', ((performance.now() - indexing) * 1000) / steps)
  report(items, 'warm', 'heap_bytes_per_item', (usedHeap() - heapBefore) / items)
  for (const [name, queryOf] of Object.entries(queries(synthetic, customers))) measure(shop, items, name, queryOf)
}

function queries({ items, users, sessions }: SyntheticShop, customers: string[]): Record<string, () => Partial<Query>> {
  const random = seeded(seed)
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() ** 2 * list.length)]
  const visitor = () => {
    const i = Math.floor(random() * visitors)
    return { user_id: users[i], session_id: sessions[i] }
  }
  return {
    home: () => ({ surface: 'home', ...visitor() }),
    product: () => ({ surface: 'product', ...visitor(), items: [pick(items)] }),
    cart: () => ({ surface: 'cart', ...visitor(), items: [pick(items), pick(items), pick(items)] }),
    email: () => ({ surface: 'email', user_id: pick(users) }),
    email_customer: () => ({ surface: 'email', user_id: pick(customers) }),
    similar: () => ({ surface: 'product', relation: 'similar', items: [pick(items)] }),
    anonymous: () => ({ surface: 'home' }),
    category: () => ({ surface: 'home', ...visitor(), rules: { categories: ['C3 > C3.1'] } }),
    narrow: () => ({ surface: 'home', ...visitor(), rules: { categories: ['C3 > C3.1'], price_max: 2 } })
  }
}

/** Customers with up to 30 orders of 20 items each, half of them ordered before. */
function addCustomers(fixture: ShopFixture, { items }: SyntheticShop): string[] {
  const random = seeded(seed)
  return Array.from({ length: 1000 }, (_, customer) => {
    const id = `customer_${customer}`
    const known: string[] = []
    const orders = 1 + Math.floor(random() * 30)
    for (let order = 0; order < orders; order++) {
      for (let line = 0; line < 10; line++) known.push(items[Math.floor(random() ** 2 * items.length)])
      const again = Array.from({ length: 10 }, () => known[Math.floor(random() * known.length)])
      const ts = fixtureNow - (orders - order) * 14 * 86_400_000
      fixture.order(`${id}/${order}`, id, [...new Set([...known.slice(-10), ...again])], { ts })
    }
    fixture.user(id, { orders })
    return id
  })
}

/** Visits of others into the session index, as many as a year of the demo shop has, and weights that count as learned. */
function visit({ views }: RunningShop, { items }: SyntheticShop): number {
  const random = seeded(seed)
  const { visits } = views.shop
  let offset = 0
  for (let session = 0; session < 20_000; session++) {
    let at = Math.floor(random() ** 2 * items.length)
    for (let position = 0; position < 2 + random() * 20; position++) {
      at = (at + 1 + Math.floor(random() ** 3 * 400)) % items.length
      const ts = fixtureNow - (20_000 - session) * 300_000 + position * 5_000
      visits.observe({ session: `v${session}`, product_id: items[at], event_type: 'view', ts, position }, offset++)
    }
  }
  visits.use({ version: offset, weights: [...startWeights()], withheld: 0, lead: 0 })
  return offset
}

function measure(shop: RunningShop, items: number, name: string, queryOf: () => Partial<Query>): void {
  const asked = Array.from({ length: answers }, queryOf)
  for (const query of asked) shop.ask(query)
  const batch = answers / 10
  const perAnswer: number[] = []
  for (let from = 0; from + batch <= answers; from += batch) {
    const before = process.threadCpuUsage()
    for (let i = from; i < from + batch; i++) shop.ask(asked[i])
    const { user, system } = process.threadCpuUsage(before)
    perAnswer.push((user + system) / batch)
  }
  perAnswer.sort((a, b) => a - b)
  report(items, name, 'cpu_us_per_answer', perAnswer[perAnswer.length >> 1])
}

function usedHeap(): number {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function report(items: number, name: string, metric: string, value: number): void {
  const figure = Math.round(value * 10) / 10
  if (values.json) {
    process.stdout.write(
      `${JSON.stringify({ bench: 'recommender', case: `${items}/${name}`, metric, value: figure })}\n`
    )
  } else process.stdout.write(`${String(items).padStart(7)} items  ${name.padEnd(10)} ${metric} ${figure}\n`)
}
