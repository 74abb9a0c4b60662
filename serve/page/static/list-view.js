import { changesBetween } from './changes.js'
import { element, setText } from './dom.js'
import { learnOf, productOf, titleOf } from './products.js'
import { tile } from './tile.js'
import { money, readable, reasonText } from './words.js'

const movingMs = 450
const markedMs = 7_000
/** A list under somebody's pointer waits so long before it moves for a reason that is not theirs. */
const heldMs = 8_000
const stillness = matchMedia('(prefers-reduced-motion: reduce)')
const hovers = matchMedia('(hover: hover)')

/**
 * A list of products that keeps its elements by product: what stays glides to its new place, what comes fades in, and both
 * are marked for a while. One tab stop; arrows, Home and End move within it.
 */
export class ListView {
  #list
  #size
  #onOpen
  #onAdd
  #byProduct = new Map()
  #order = []
  #answer = null
  #showing = 0
  #held = null

  constructor({ list, size, onOpen, onAdd }) {
    this.#list = list
    this.#onOpen = onOpen
    this.#onAdd = onAdd
    this.wait(size)
    list.addEventListener('keydown', event => this.#pressed(event))
    list.addEventListener('focusin', ({ target }) => this.#makeCurrent(target.closest('li')))
    list.addEventListener('pointerleave', () => this.#held?.release())
  }

  /** Room for so many, until they come. */
  wait(size = this.#size) {
    this.#size = size
    this.#reset()
    const ghosts = Array.from({ length: size }, () => element('li', { class: 'ghost', 'aria-hidden': 'true' }))
    this.#list.replaceChildren(...ghosts)
    this.#list.setAttribute('aria-busy', 'true')
  }

  /** Instead of products: nodes that say why there are none. */
  say(...nodes) {
    this.#reset()
    this.#list.replaceChildren(element('li', { class: 'message' }, ...nodes))
    this.#list.removeAttribute('aria-busy')
  }

  #reset() {
    this.#showing++
    this.#byProduct.clear()
    this.#order = []
    this.#answer = null
  }

  /** What comes next is compared with nothing; what is shown stays until then. */
  forget() {
    this.#order = []
  }

  get isEmpty() {
    return this.#order.length === 0
  }

  /** Resolves with what changed, or null when a newer answer overtook this one. `isOwn`: it follows an act of this visitor. */
  async show(answer, { isOwn = true } = {}) {
    const number = ++this.#showing
    await learnOf(answer.items)
    if (!isOwn) await this.#stillness()
    if (number !== this.#showing) return null
    this.#answer = answer
    const before = this.#order
    this.#order = answer.items.map(item => item.product_id)
    this.#list.removeAttribute('aria-busy')
    const places = before.length === 0 || stillness.matches ? null : this.#places()
    this.#arrange(answer.items)
    const changes = changesBetween(before, this.#order)
    if (before.length > 0) this.#mark(changes)
    if (places !== null) this.#glide(places)
    return { added: changes.added.size, up: changes.up.size, removed: changes.removed }
  }

  #stillness() {
    this.#held?.release()
    if (!hovers.matches || !this.#list.matches(':hover')) return null
    return new Promise(resolve => {
      const release = () => {
        clearTimeout(timer)
        this.#held = null
        resolve()
      }
      const timer = setTimeout(release, heldMs)
      this.#held = { release }
    })
  }

  #arrange(items) {
    const focused = document.activeElement
    const hadFocus = this.#list.contains(focused)
    const place = hadFocus ? [...this.#list.children].indexOf(focused.closest('li')) : -1
    const wanted = items.map((item, index) => this.#filled(item, index))
    for (const child of [...this.#list.children]) {
      if (wanted.includes(child)) continue
      this.#byProduct.delete(child.dataset.id)
      child.remove()
    }
    let cursor = this.#list.firstElementChild
    for (const item of wanted) {
      if (item === cursor) cursor = cursor.nextElementSibling
      else this.#list.insertBefore(item, cursor)
    }
    const current =
      wanted.find(item => item.firstElementChild.tabIndex === 0) ?? wanted[Math.max(0, place)] ?? wanted[0]
    this.#makeCurrent(current ?? wanted.at(-1))
    if (!hadFocus || document.activeElement === focused) return
    const target = focused.isConnected ? focused : (wanted[place] ?? wanted.at(-1))?.firstElementChild
    target?.focus({ preventScroll: true })
  }

  #filled(item, index) {
    const known = this.#byProduct.get(item.product_id) ?? this.#made(item)
    const name = readable(item.title ?? item.product_id)
    setText(known.title, name)
    setText(known.price, money(item.price, productOf(item.product_id)?.currency))
    const reasons = item.reasons.map(reason => reasonText(reason, titleOf, this.#answer.here))
    setText(known.reason, reasons[0] ?? '')
    known.reason.title = reasons.join(' · ')
    known.add.setAttribute('aria-label', `Add ${name} to the cart`)
    known.root.dataset.place = index + 1
    return known.root
  }

  #made(item) {
    const picture = element(
      'span',
      { class: 'picture' },
      tile({ category: null, ...productOf(item.product_id), ...item })
    )
    const title = element('span', { class: 'title' })
    const reason = element('span', { class: 'reason' })
    const price = element('span', { class: 'price' })
    const mark = element('span', { class: 'mark' })
    const open = element('button', { class: 'open', type: 'button', tabindex: '-1' }, picture, title, reason, price)
    const add = element('button', { class: 'add', type: 'button', tabindex: '-1' }, '+')
    const root = element('li', { class: 'item', 'data-id': item.product_id }, open, add, mark)
    open.addEventListener('click', () => this.#onOpen(...this.#chosen(item.product_id)))
    add.addEventListener('click', () => this.#onAdd(...this.#chosen(item.product_id)))
    const made = { root, title, reason, price, mark, add }
    this.#byProduct.set(item.product_id, made)
    return made
  }

  /** The item as it is now, and the answer that caused the click. */
  #chosen(id) {
    const item = this.#answer.items.find(one => one.product_id === id)
    const product = { currency: null, category: null, price: null, ...productOf(id), product_id: id }
    if (item.title !== undefined) product.title = item.title
    if (item.price !== undefined) product.price = item.price
    return [product, { recommendation_id: this.#answer.recommendation_id, position: item.position }]
  }

  #mark({ added, up }) {
    for (const id of this.#order) {
      const { mark, root } = this.#byProduct.get(id)
      const text = added.has(id) ? 'New' : up.has(id) ? `↑ ${up.get(id)}` : ''
      mark.className = `mark ${added.has(id) ? 'new' : 'up'}`
      setText(mark, text)
      clearTimeout(root.unmark)
      if (text !== '') root.unmark = setTimeout(() => setText(mark, ''), markedMs)
    }
  }

  #places() {
    return new Map([...this.#list.children].map(item => [item, item.getBoundingClientRect()]))
  }

  #glide(before) {
    for (const item of this.#list.children) {
      const old = before.get(item)
      for (const animation of item.getAnimations()) animation.cancel()
      const now = item.getBoundingClientRect()
      const frames =
        old === undefined
          ? [
              { opacity: 0, transform: 'translateY(10px)' },
              { opacity: 1, transform: 'none' }
            ]
          : [{ transform: `translate(${old.left - now.left}px, ${old.top - now.top}px)` }, { transform: 'none' }]
      if (old !== undefined && old.left === now.left && old.top === now.top) continue
      item.animate(frames, { duration: movingMs, easing: 'cubic-bezier(0.2, 0.7, 0.2, 1)' })
    }
  }

  #makeCurrent(current) {
    if (!current?.classList.contains('item')) return
    for (const { root } of this.#byProduct.values()) {
      for (const button of root.querySelectorAll('button')) button.tabIndex = root === current ? 0 : -1
    }
  }

  #pressed(event) {
    const items = [...this.#list.querySelectorAll('.item')]
    const from = items.indexOf(event.target.closest('li'))
    const to = targetOf(event.key, items, from)
    if (from < 0 || to === null || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    const kind = event.target.closest('button').className
    items[Math.max(0, Math.min(items.length - 1, to))].querySelector(`.${kind}`).focus()
  }
}

function targetOf(key, items, from) {
  const top = items[0]?.offsetTop
  const columns = items.filter(item => item.offsetTop === top).length
  switch (key) {
    case 'ArrowRight':
      return from + 1
    case 'ArrowLeft':
      return from - 1
    case 'ArrowDown':
      return from + columns < items.length ? from + columns : from
    case 'ArrowUp':
      return from - columns < 0 ? from : from - columns
    case 'Home':
      return 0
    case 'End':
      return items.length - 1
    default:
      return null
  }
}
