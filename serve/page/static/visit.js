import { productOf } from './products.js'

const storageName = 'millrace.visit.1'
const cartMax = 50
const visitorsMax = 20

/**
 * Who is shopping in this tab: a customer, or nobody known; each with a session, a cart and a product on screen of their
 * own, so that going back to somebody goes on where they were. Survives a reload, not the tab.
 */
export class Visit {
  #visitors

  constructor() {
    this.#visitors = saved() ?? [fresh(null)]
  }

  get #now() {
    return this.#visitors[0]
  }

  get customer() {
    return this.#now.customer
  }

  get cart() {
    return this.#now.cart
  }

  get viewed() {
    return this.#now.viewed
  }

  /** The ids that every request and event of this visitor carries. */
  get ids() {
    const { customer, session_id } = this.#now
    return customer === null ? { session_id } : { user_id: customer.user_id, session_id }
  }

  get name() {
    return this.customer === null ? 'Anonymous visitor' : nameOf(this.customer)
  }

  get spokenName() {
    return this.customer === null ? 'an anonymous visitor' : nameOf(this.customer)
  }

  /** null: somebody new whom nobody knows. */
  become(customer) {
    const known = customer && this.#visitors.find(one => one.customer?.user_id === customer.user_id)
    const others = this.#visitors.filter(one => one !== known && one.customer !== null)
    this.#visitors = [known ?? fresh(customer), ...others].slice(0, visitorsMax)
    this.#save()
  }

  view(product) {
    this.#now.viewed = product
    this.#save()
  }

  /** false: the cart is full. */
  add(product) {
    const line = this.cart.find(one => one.product_id === product.product_id)
    if (line === undefined && this.cart.length >= cartMax) return false
    if (line === undefined) this.cart.push({ ...product, qty: 1 })
    else line.qty++
    this.#save()
    return true
  }

  remove(productId) {
    this.#now.cart = this.cart.filter(line => line.product_id !== productId)
    this.#save()
  }

  emptyCart() {
    this.#now.cart = []
    this.#save()
  }

  event(event_type, product, context) {
    const id = { event_id: uuid(), ...this.ids, event_type, product_id: product.product_id }
    const price = product.price ?? productOf(product.product_id)?.price
    return { ...id, ts: new Date().toISOString(), context: { ...context, ...(price == null ? {} : { price }) } }
  }

  #save() {
    sessionStorage.setItem(storageName, JSON.stringify(this.#visitors))
  }
}

export const nameOf = ({ name, user_id }) => name ?? `Customer ${user_id}`

function fresh(customer) {
  return { customer, session_id: `page_${uuid()}`, cart: [], viewed: null }
}

function saved() {
  const text = sessionStorage.getItem(storageName)
  return text === null ? null : JSON.parse(text)
}

/** `crypto.randomUUID` exists on secure origins only; this page may be looked at over plain HTTP. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6] & 0x0f) | 0x40
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
