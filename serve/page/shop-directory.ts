/** What the page at `/` has to know beyond the public API. Whoever wires the server answers from its views, in memory. */
export interface ShopDirectory {
  /** Products with a word that begins with each word of `text`, most popular first; any popular ones for `''`. */
  searchProducts(text: string, limit: number): ShopProduct[]
  /** Customers by id, name or country, most active first; the most active ones for `''`. */
  searchCustomers(text: string, limit: number): ShopCustomer[]
  product(productId: string): ShopProduct | null
  status(): ShopStatus
}

export interface ShopProduct {
  product_id: string
  title: string
  /** A path, `a > b`. */
  category: string | null
  price: number | null
  /** ISO 4217. */
  currency: string | null
}

export interface ShopCustomer {
  user_id: string
  name: string | null
  country: string | null
  orders: number
}

export interface ShopStatus {
  /** The demo's history on its way in; null where none is loaded. */
  load: { rows: number; rows_total: number; done: boolean } | null
  staleness_ms: number
  /** Interactions taken in so far. */
  events: number
}
