import type { Erasures } from '../ports.ts'
import { Problem } from './problem.ts'
import { jsonReply, type Route } from './route.ts'

/** To forget a person, and to ask how far that is. */
export function erasureRoutes(erasures: Erasures): Route[] {
  return [
    {
      method: 'DELETE',
      path: '/v1/users/{id}',
      scope: 'admin',
      answer: async call => {
        const receipt = await erasures.begin(call.pathId())
        return jsonReply(202, receipt, ['cache-control', 'no-store', 'location', `/v1/erasures/${receipt.erasure_id}`])
      }
    },
    {
      method: 'GET',
      path: '/v1/erasures/{id}',
      scope: 'admin',
      needsViews: true,
      answer: async call => {
        const id = call.pathId()
        const receipt = await erasures.find(id)
        if (receipt === null) throw new Problem('unknown_erasure', `There is no erasure ${id}.`)
        return jsonReply(200, receipt)
      }
    }
  ]
}
