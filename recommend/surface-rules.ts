import type { Surface } from '../schemas/http.ts'

/** What holds on a surface where the request says nothing else. */
export const surfaceRules: Record<Surface, { in_stock: boolean; exclude_purchased_days: number }> = {
  home: { in_stock: true, exclude_purchased_days: 0 },
  product: { in_stock: true, exclude_purchased_days: 0 },
  cart: { in_stock: true, exclude_purchased_days: 0 },
  /** Nobody wants to be told of what just arrived at their door. */
  email: { in_stock: true, exclude_purchased_days: 14 }
}

export const dismissedMs = 90 * 86_400_000
