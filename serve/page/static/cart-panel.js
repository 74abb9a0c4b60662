import { byId, element, setText } from './dom.js'
import { tile } from './tile.js'
import { money, readable } from './words.js'

/** What is in the cart, and the till. */
export class CartPanel {
  #visit
  #onRemove

  constructor({ visit, onRemove, onBuy }) {
    this.#visit = visit
    this.#onRemove = onRemove
    byId('buy').addEventListener('click', onBuy)
  }

  show() {
    const { cart } = this.#visit
    const pieces = cart.reduce((sum, line) => sum + line.qty, 0)
    const hadFocus = byId('cart-lines').contains(document.activeElement)
    const place = [...byId('cart-lines').children].indexOf(document.activeElement.closest('li'))
    byId('cart-lines').replaceChildren(...(cart.length === 0 ? [emptyCart()] : cart.map(line => this.#line(line))))
    if (hadFocus) this.#focusNear(place)
    setText(byId('cart-about'), cart.length === 0 ? 'Empty' : `${pieces} ${pieces === 1 ? 'piece' : 'pieces'}`)
    setText(byId('cart-total'), cart.length === 0 ? '–' : money(totalOf(cart), cart[0].currency))
    setText(byId('cart-goes'), cart.length === 0 ? 'To begin with' : 'Goes well with it')
    setText(byId('dock-cart'), String(pieces))
    byId('buy').disabled = cart.length === 0
  }

  #line(line) {
    const name = readable(line.title ?? line.product_id)
    const remove = element('button', { class: 'remove', type: 'button', 'aria-label': `Remove ${name}` }, '×')
    remove.addEventListener('click', () => this.#onRemove(line))
    return element(
      'li',
      {},
      element('span', { class: 'picture' }, tile(line)),
      element('span', { class: 'title' }, name),
      element('span', { class: 'qty' }, `${line.qty} × ${money(line.price, line.currency)}`),
      remove
    )
  }

  /** The line with the focus is gone: its neighbour has it now. */
  #focusNear(place) {
    const buttons = byId('cart-lines').querySelectorAll('button')
    const next =
      buttons[Math.min(place, buttons.length - 1)] ?? document.querySelector('#cart-list button[tabindex="0"]')
    next?.focus({ preventScroll: true })
  }
}

export function totalOf(cart) {
  return Math.round(cart.reduce((sum, line) => sum + line.qty * (line.price ?? 0), 0) * 100) / 100
}

function emptyCart() {
  return element('li', { class: 'message' }, 'Nothing in it. The ', element('b', {}, '+'), ' on a product adds it.')
}
