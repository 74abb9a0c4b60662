import { call } from './api.js'
import { readable } from './words.js'

/** What is known of products beyond an answer: category, currency, and titles of those that reasons name. */
const known = new Map()
const knownMax = 5_000
const idsPerCall = 100
/** A list is not held back for longer than this; its tiles are grey then. */
const patienceMs = 400

export function productOf(id) {
  return known.get(id)
}

export function titleOf(id) {
  const title = known.get(id)?.title
  return title === undefined ? undefined : readable(title)
}

export function learn(products) {
  for (const product of products) known.set(product.product_id, product)
  for (const id of known.keys()) {
    if (known.size <= knownMax) return
    known.delete(id)
  }
}

/** Resolves once all that the items name is known, or patience is at its end. */
export async function learnOf(items) {
  const ids = new Set(items.flatMap(item => [item.product_id, ...item.reasons.flatMap(one => one.product_id ?? [])]))
  const unknown = [...ids].filter(id => !known.has(id))
  const calls = []
  for (let i = 0; i < unknown.length; i += idsPerCall) calls.push(lookUp(unknown.slice(i, i + idsPerCall)))
  if (calls.length > 0) await Promise.race([Promise.all(calls), new Promise(end => setTimeout(end, patienceMs))])
}

async function lookUp(ids) {
  try {
    const { value } = await call(`/page/products?${new URLSearchParams(ids.map(id => ['id', id]))}`)
    learn(value.products)
  } catch {
    // The answer has titles and prices of its own; only colours are missing.
  }
}
