import { fixtureNow, type ShopFixture } from './shop-fixture.ts'

export interface SyntheticShop {
  items: string[]
  users: string[]
  sessions: string[]
}

export interface SyntheticSize {
  items: number
  visitors: number
  seed: number
}

/** Marsaglia's xorshift32, 0..1. */
export function seeded(seed: number): () => number {
  let state = seed | 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

const words =
  'cream hanging heart lantern glass star holder hot water bottle union flag retro spot bag jumbo storage box'
const colours = 'red blue green pink white black ivory silver gold vintage'

/** A shop with skewed popularity, a category tree of three levels, variants, full lists of neighbours, and visitors. */
export function buildSyntheticShop(shop: ShopFixture, { items: count, visitors, seed }: SyntheticSize): SyntheticShop {
  const random = seeded(seed)
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]
  const nouns = words.split(' ')
  const adjectives = colours.split(' ')
  const items = Array.from({ length: count }, (_, i) => `sku_${String(i).padStart(6, '0')}`)
  /** The popular ones come first. */
  const skewed = () => items[Math.floor(random() ** 2 * count)]
  const near = (i: number) => items[Math.max(0, Math.min(count - 1, i + Math.floor((random() - 0.5) * 200)))]
  const list = (i: number, length: number) =>
    Object.fromEntries(
      Array.from({ length }, (_, rank) => [random() < 0.3 ? skewed() : near(i), 0.6 / (1 + rank / 4)] as const)
    )
  items.forEach((id, i) => {
    const top = Math.floor(random() * 12)
    shop.product(id, {
      title: `${pick(adjectives)} ${pick(nouns)} ${pick(nouns)} ${id}`,
      category: `C${top} > C${top}.${Math.floor(random() * 6)} > ${Math.floor(random() * 4)}`,
      brand: `Brand ${Math.floor(random() ** 2 * 60)}`,
      price: Math.round(random() ** 3 * 20_000) / 100 + 0.5,
      stock: random() < 0.05 ? 0 : 10,
      group_id: i % 5 === 1 ? items[i - 1] : id,
      created_at: fixtureNow - Math.floor(random() * 365) * 86_400_000
    })
    const popularity = 200 / (1 + i / 10)
    shop.features(id, popularity, {
      organic: [popularity / 50, popularity * random(), popularity * 6, popularity * 20]
    })
    shop.similar(id, list(i, 50), list(i, 30))
    shop.together(id, list(i, 40))
  })
  const users = Array.from({ length: visitors }, (_, i) => `u_${i}`)
  for (const user of users) {
    const acts = (length: number) =>
      Array.from({ length }, (_, i) => ({ product_id: skewed(), ts: fixtureNow - i * 3_600_000, count: 1 }))
    const names = (length: number, nameOf: () => string) =>
      Array.from({ length }, (_, i) => ({ name: nameOf(), score: 5 - i }))
    shop.user(user, {
      seen: acts(40),
      bought: acts(20),
      categories: names(5, () => `C${Math.floor(random() * 12)}`),
      brands: names(3, () => `Brand ${Math.floor(random() * 60)}`),
      price_bands: names(2, () => String(Math.floor(random() * 9)))
    })
  }
  const sessions = Array.from({ length: visitors }, (_, i) => `s_${i}`)
  sessions.forEach((session, i) => {
    const seen = Array.from({ length: 1 + Math.floor(random() * 12) }, skewed)
    shop.session(session, seen, { user_id: random() < 0.5 ? users[i] : null, cart: seen.slice(0, i % 4) })
  })
  return { items, users, sessions }
}
