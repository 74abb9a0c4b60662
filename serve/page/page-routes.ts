import { limits } from '../../schemas/http.ts'
import type { Call } from '../http/call.ts'
import { Problem } from '../http/problem.ts'
import { jsonReply, type Route } from '../http/route.ts'
import type { ShopDirectory, ShopProduct } from './shop-directory.ts'
import { staticRoutes } from './static-files.ts'

const foundMax = 20
const textCharsMax = 100

/**
 * The page at `/`, and the look-ups that only it needs. They name customers, so with keys they need the scope `admin`;
 * the files themselves say nothing and are open.
 */
export function pageRoutes({ directory }: { directory: ShopDirectory }): Route[] {
  const lookUp = (path: string, find: (call: Call) => unknown): Route => ({
    method: 'GET',
    path,
    scope: 'admin',
    answer: call => jsonReply(200, find(call))
  })
  return [
    ...staticRoutes(new URL('./static/', import.meta.url)),
    lookUp('/page/products', call => {
      const ids = parametersOf(call).getAll('id')
      return { products: ids.length > 0 ? named(directory, ids) : directory.searchProducts(textOf(call), foundMax) }
    }),
    lookUp('/page/customers', call => ({ customers: directory.searchCustomers(textOf(call), foundMax) })),
    lookUp('/page/status', () => directory.status())
  ]
}

/** Those that are known, in the order asked for. */
function named(directory: ShopDirectory, ids: string[]): ShopProduct[] {
  if (ids.length > limits.itemsPerAnswer) {
    throw new Problem('invalid_parameter', `Ask for at most ${limits.itemsPerAnswer} ids.`, { parameter: 'id' })
  }
  return ids.flatMap(id => directory.product(id) ?? [])
}

function textOf(call: Call): string {
  const text = (parametersOf(call).get('q') ?? '').trim()
  if (text.length > textCharsMax) {
    throw new Problem('invalid_parameter', `q has at most ${textCharsMax} characters.`, { parameter: 'q' })
  }
  return text
}

function parametersOf(call: Call): URLSearchParams {
  return new URLSearchParams(call.request.query)
}
