import type { Recommender } from '../ports.ts'
import { jsonReply, type Route } from './route.ts'

/** Fields of the views that are epoch ms inside and RFC 3339 outside. */
const times = new Set(['as_of', 'recency', 'first_seen', 'last_seen', 'known_from', 'ts'])

/** What is known of a person (which needs `admin`) or of a product; `features: null` where nothing is. */
export function featureRoutes(recommender: Recommender): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/users/{id}/features',
      scope: 'admin',
      needsViews: true,
      answer: call => {
        const user_id = call.pathId()
        return jsonReply(200, { user_id, features: withTimes(recommender.userFeatures(user_id)) })
      }
    },
    {
      method: 'GET',
      path: '/v1/products/{id}/features',
      scope: 'read',
      needsViews: true,
      answer: call => {
        const product_id = call.pathId()
        return jsonReply(200, { product_id, features: withTimes(recommender.productFeatures(product_id)) })
      }
    }
  ]
}

function withTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withTimes)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      times.has(name) && typeof one === 'number' ? timeText(one) : withTimes(one)
    ])
  )
}

/** null: outside the years that can be written, as where nothing has happened yet. */
function timeText(ms: number): string | null {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}
