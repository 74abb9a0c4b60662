import { call } from './api.js'
import { byId, element, setText } from './dom.js'
import { ListView } from './list-view.js'
import { learn, productOf } from './products.js'
import { tile } from './tile.js'
import { money, readable, readablePath } from './words.js'

const narrow = matchMedia('(max-width: 60rem)')
const neighbours = () => (narrow.matches ? 4 : 6)

/** The page of the product that is being looked at: what it is, and the two lists that are the same for everybody. */
export class ProductPanel {
  #onAdd
  #onServed
  #similar
  #together
  #shown = 0

  constructor({ onOpen, onAdd, onServed }) {
    this.#onAdd = onAdd
    this.#onServed = onServed
    const view = (name, referrer) =>
      new ListView({
        list: byId(`${name}-list`),
        size: neighbours(),
        onOpen: (product, cause) => onOpen(product, { ...cause, referrer }),
        onAdd: (product, cause) => onAdd(product, { ...cause, referrer })
      })
    this.#similar = view('similar', 'similar')
    this.#together = view('together', 'bought-together')
  }

  show(product) {
    const number = ++this.#shown
    byId('product-columns').hidden = product === null
    if (product === null) return byId('product-stage').replaceChildren(...nothingYet())
    byId('product-stage').replaceChildren(...this.#stage(product))
    this.#neighbours(this.#similar, 'similar', product, number)
    this.#neighbours(this.#together, 'bought-together', product, number)
    if (product.category === null && productOf(product.product_id) === undefined) void this.#complete(product, number)
  }

  #stage(product) {
    const add = element('button', { class: 'primary', type: 'button', id: 'stage-add' }, 'Add to cart')
    add.addEventListener('click', () => this.#onAdd(product, { referrer: 'product-page' }))
    const name = element('h3', { id: 'stage-name' }, readable(product.title ?? product.product_id))
    const path = element('p', { class: 'path' })
    setText(path, product.category === null ? 'Without a category' : readablePath(product.category))
    const price = element('p', { class: 'price' }, money(product.price, product.currency))
    const code = element('p', { class: 'id' }, 'Product ', element('code', {}, product.product_id))
    return [
      element('div', { class: 'picture' }, tile(product)),
      element('div', { class: 'facts' }, path, name, price, element('div', { class: 'actions' }, add, code))
    ]
  }

  /** What a link or a reason named without saying more. */
  async #complete(product, number) {
    const { value } = await call(`/page/products?${new URLSearchParams({ id: product.product_id })}`)
    learn(value.products)
    if (value.products.length > 0 && number === this.#shown) this.show({ ...product, ...value.products[0] })
  }

  async #neighbours(view, kind, product, number) {
    const startedMs = performance.now()
    try {
      const path = `/v1/products/${encodeURIComponent(product.product_id)}/${kind}?limit=${neighbours()}`
      const { value, serverMs } = await call(path)
      if (number !== this.#shown) return
      this.#onServed(performance.now() - startedMs, serverMs)
      if (value.items.length === 0) view.say('Nothing yet: at least three people have to agree.')
      else {
        view.forget()
        await view.show({ ...value, here: product.product_id })
      }
    } catch (error) {
      if (number === this.#shown) view.say(`Cannot be shown: ${error.message}`)
    }
  }
}

function nothingYet() {
  return [
    element(
      'div',
      { class: 'blank' },
      element('p', { class: 'lead' }, 'Open any product'),
      element('p', {}, 'Its page comes up here, and every other list follows within milliseconds.')
    )
  ]
}
