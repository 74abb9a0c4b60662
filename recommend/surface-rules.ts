import type { Surface } from '../schemas/http.ts'

/** What holds on a surface where the request says nothing else. */
interface SurfaceRules {
  in_stock: boolean
  /** Nobody wants to be told of what just arrived at their door. */
  exclude_purchased_days: number
  /** But for what people come back for; where too few have bought it to say, what this person has bought before as well. */
  keeps_reordered: boolean
}

export const surfaceRules: Record<Surface, SurfaceRules> = {
  home: { in_stock: true, exclude_purchased_days: 30, keeps_reordered: true },
  product: { in_stock: true, exclude_purchased_days: 0, keeps_reordered: true },
  cart: { in_stock: true, exclude_purchased_days: 30, keeps_reordered: true },
  email: { in_stock: true, exclude_purchased_days: 14, keeps_reordered: true }
}

export const dismissedMs = 90 * 86_400_000
