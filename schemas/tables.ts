/** Rows of the four tables (INTERFACES 3); times are epoch ms. Deletes are tombstones: a `null` value under the key. */

/** Topic `users`, key `user_id`. `preferences` is JSON text or null. */
export interface UserRow {
  user_id: string
  name: string | null
  country: string | null
  preferences: string | null
  /** null = unknown: `consent.default` decides. */
  consent_personalization: boolean | null
  updated_at: number
}

/** Topic `products`, key `product_id`. `attributes` is JSON text or null. */
export interface ProductRow {
  product_id: string
  title: string
  description: string | null
  /** A path, `a > b`. */
  category: string | null
  brand: string | null
  attributes: string | null
  price: number | null
  stock: number | null
  image_url: string | null
  /** Variants of one product share it: one per list. */
  group_id: string | null
  currency: string | null
  active: boolean
  available_in: string[] | null
  available_from: number | null
  available_until: number | null
  created_at: number | null
  updated_at: number
}

export const orderStatuses = ['placed', 'cancelled', 'returned'] as const
export type OrderStatus = (typeof orderStatuses)[number]

/** Topic `orders`, key `order_id`. */
export interface OrderRow {
  order_id: string
  user_id: string
  order_ts: number
  total: number | null
  status: OrderStatus
}

/** Topic `order-items`, key `order_id`; a delete names the line in its value (`deleted`), since many lines share a key. */
export interface OrderItemRow {
  order_id: string
  product_id: string
  qty: number
  price: number | null
  returned_qty: number
  deleted: boolean
}
