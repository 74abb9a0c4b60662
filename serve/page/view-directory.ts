import type { Log } from '../../engine/log/log.ts'
import { users } from '../../schemas/topics.ts'
import type { ViewSet } from '../views/view-set.ts'
import type { ShopCustomer, ShopDirectory, ShopProduct, ShopStatus } from './shop-directory.ts'

export interface ViewDirectoryOptions {
  views: ViewSet
  log: Pick<Log, 'read' | 'topics' | 'startOffset'>
  status: () => ShopStatus
}

const customersMax = 100_000
const refreshMs = 5_000
const readBytes = 1 << 20

/** The page's look-ups, from the views; names of customers are read from the `users` topic, the first 100,000 of them. */
export class ViewDirectory implements ShopDirectory {
  readonly #options: ViewDirectoryOptions
  /** By user id; names as they were last read. */
  readonly #customers = new Map<string, { name: string | null; country: string | null }>()
  #positions: number[] = []
  #ranked: ShopCustomer[] = []
  #rankedMs = Number.NEGATIVE_INFINITY

  constructor(options: ViewDirectoryOptions) {
    this.#options = options
  }

  searchProducts(text: string, limit: number): ShopProduct[] {
    const { views } = this.#options
    return views.search(text, limit).flatMap(({ product_id }) => this.product(product_id) ?? [])
  }

  product(productId: string): ShopProduct | null {
    const { catalog } = this.#options.views.shop
    const item = catalog.items.find(productId)
    const title = item < 0 ? undefined : catalog.titles[item]
    if (title === undefined) return null
    const category = catalog.byCategory.groupOf[item]
    return {
      product_id: productId,
      title,
      category: category < 0 ? null : catalog.categories.pathOf(category),
      price: Number.isNaN(catalog.prices[item]) ? null : catalog.prices[item],
      currency: null
    }
  }

  searchCustomers(text: string, limit: number): ShopCustomer[] {
    this.#refresh()
    const words = text.toLowerCase().split(/\s+/).filter(Boolean)
    const found: ShopCustomer[] = []
    for (const customer of this.#ranked) {
      const haystack = `${customer.user_id} ${customer.name ?? ''} ${customer.country ?? ''}`.toLowerCase()
      if (words.every(word => haystack.includes(word))) found.push(customer)
      if (found.length === limit) break
    }
    return found
  }

  status(): ShopStatus {
    return this.#options.status()
  }

  #refresh(): void {
    const now = performance.now()
    if (now - this.#rankedMs < refreshMs && this.#customers.size > 0) return
    this.#rankedMs = now
    this.#readNames()
    const { views } = this.#options
    this.#ranked = [...this.#customers].map(([user_id, { name, country }]) => ({
      user_id,
      name,
      country,
      orders: views.users.row(user_id)?.orders ?? 0
    }))
    this.#ranked.sort((a, b) => b.orders - a.orders || (a.user_id < b.user_id ? -1 : 1))
  }

  #readNames(): void {
    const { log } = this.#options
    const spec = log.topics().find(({ name }) => name === users.name)
    for (let partition = 0; partition < (spec?.partitions ?? 0); partition++) {
      this.#positions[partition] ??= log.startOffset(users.name, partition)
      for (;;) {
        const batch = log.read(users.name, partition, this.#positions[partition], readBytes)
        if (!batch) break
        for (let i = 0; i < batch.count; i++) this.#put(batch.key(i), batch.value(i))
        this.#positions[partition] = batch.nextOffset
      }
    }
  }

  #put(userId: string, bytes: Buffer | null): void {
    const row = bytes === null ? null : users.value.decode(bytes)
    if (row === null) this.#customers.delete(userId)
    else if (this.#customers.has(userId) || this.#customers.size < customersMax) {
      this.#customers.set(userId, { name: row.name, country: row.country })
    }
  }
}
