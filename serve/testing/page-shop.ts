import type { EdgeOptions } from '../http/edge.ts'
import { pageRoutes } from '../page/page-routes.ts'
import type { ShopCustomer, ShopDirectory, ShopProduct, ShopStatus } from '../page/shop-directory.ts'
import { startEdge } from './edge-server.ts'

const categories = ['kitchen > baking', 'garden > plants & tools', 'bags > shoppers & cases', 'toys', null]

const customers: ShopCustomer[] = [
  { user_id: 'u1', name: 'Ada', country: 'United Kingdom', orders: 12 },
  { user_id: 'u2', name: 'Berthe', country: 'France', orders: 7 },
  { user_id: 'u3', name: null, country: null, orders: 1 }
]

/** What the page looks up, beside the small shop of the edge's tests. */
class SmallDirectory implements ShopDirectory {
  load: ShopStatus['load'] = null
  private readonly products: ShopProduct[] = Array.from({ length: 30 }, (_, index) => ({
    product_id: `p${index + 1}`,
    title: `Product ${index + 1}`,
    category: categories[index % categories.length],
    price: index + 1,
    currency: 'GBP'
  }))

  searchProducts(text: string, limit: number): ShopProduct[] {
    const prefixes = wordsOf(text)
    const isFound = ({ title }: ShopProduct) =>
      prefixes.every(prefix => wordsOf(title).some(word => word.startsWith(prefix)))
    return this.products.filter(isFound).slice(0, limit)
  }

  searchCustomers(text: string, limit: number): ShopCustomer[] {
    const isFound = (one: ShopCustomer) => `${one.name} ${one.country}`.toLowerCase().includes(text.toLowerCase())
    return customers.filter(isFound).slice(0, limit)
  }

  product(productId: string): ShopProduct | null {
    return this.products.find(one => one.product_id === productId) ?? null
  }

  status(): ShopStatus {
    return { load: this.load, staleness_ms: 3, events: 0 }
  }
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().split(' ').filter(Boolean)
}

/** A real server with the page on it. */
export async function startShop(t: Parameters<typeof startEdge>[0], options: Partial<EdgeOptions> = {}) {
  const directory = new SmallDirectory()
  const server = await startEdge(t, { routes: pageRoutes({ directory }), ...options })
  return { ...server, directory }
}
