import { askedView, curl } from './asked.js'
import { byId, element, setText } from './dom.js'
import { ListView } from './list-view.js'
import { changeText } from './words.js'

const names = { home: 'Home', product: 'Product page', cart: 'Cart', email: 'E-mail' }
const sizes = { product: 6, cart: 5, email: 6 }
const homeRows = 2
const homeItemsMin = 6
const cardPx = 140
const gapPx = 4
const saidMs = 7_000

/** The four lists of the API's surfaces: asked for, shown, and followed. */
export class Surfaces {
  #visit
  #socket
  #feed
  #strip
  #views = {}
  #asked = {}
  #isReset = new Set()

  constructor({ visit, socket, feed, strip, onOpen, onAdd }) {
    this.#visit = visit
    this.#socket = socket
    this.#feed = feed
    this.#strip = strip
    sizes.home = homeSize()
    for (const surface of Object.keys(names)) {
      this.#views[surface] = new ListView({
        list: byId(`${surface}-list`),
        size: sizes[surface],
        onOpen: (product, cause) => onOpen(product, { ...cause, referrer: surface }),
        onAdd: (product, cause) => onAdd(product, { ...cause, referrer: surface })
      })
      this.#asked[surface] = askedView(document.querySelector(`.asked[data-surface=${surface}]`))
    }
    this.#watchWidth()
  }

  /** Somebody else is shopping now: nothing of what comes counts as a change. */
  reset() {
    for (const surface of Object.keys(names)) {
      this.#isReset.add(surface)
      setText(byId(`${surface}-said`), '')
    }
    for (const surface of Object.keys(names)) this.ask(surface)
  }

  ask(surface) {
    const request = this.#requestOf(surface)
    if (request === null) return this.#socket.unsubscribe(surface)
    this.#asked[surface].show(commandsOf(request))
    this.#socket.subscribe(surface, request)
  }

  #requestOf(surface) {
    const { ids, cart, viewed } = this.#visit
    const request = { surface, ...ids, limit: sizes[surface] }
    if (surface === 'cart') return { ...request, items: cart.map(line => line.product_id) }
    if (surface !== 'product') return request
    return viewed === null ? null : { ...request, items: [viewed.product_id] }
  }

  async next(surface, answer, ms) {
    const view = this.#views[surface]
    const isReset = this.#isReset.delete(surface)
    const delay = answer.cause === 'event' ? this.#feed.takeDelay() : isReset ? null : ms
    if (delay !== null) this.#strip.answered(delay)
    this.#strip.staleness(answer.state.staleness_ms)
    if (answer.items.length === 0) return view.say(...emptyShop())
    if (isReset) view.forget()
    if (surface === 'product') answer.here = this.#visit.viewed?.product_id
    const changes = await view.show(answer, { isOwn: isReset || this.#feed.isFollowingAct })
    if (surface === 'home') this.#about(answer)
    if (changes === null || isReset) return
    this.#feed.effect(names[surface], changes)
    this.#say(surface, changeText(changes))
  }

  failed(surface, problem, isPassing) {
    if (isPassing) return surface === 'home' ? setText(byId('home-about'), problem.detail) : undefined
    const retry = element('button', { class: 'quiet', type: 'button' }, 'Try again')
    retry.addEventListener('click', () => this.ask(surface))
    this.#views[surface].say(element('b', {}, problem.title), `. ${problem.detail.replaceAll('`', '')} `, retry)
  }

  /** While the shop is still being filled, nobody waits for the next regular look. */
  askEmpty() {
    for (const surface of Object.keys(names)) if (this.#views[surface].isEmpty) this.ask(surface)
  }

  #about({ fallback }) {
    const why = fallback ? '. Nothing known yet: what is popular' : ''
    setText(byId('home-about'), `Top picks for ${this.#visit.spokenName}${why}`)
  }

  #say(surface, text) {
    const place = byId(`${surface}-said`)
    setText(place, text)
    clearTimeout(place.timer)
    place.timer = setTimeout(() => setText(place, ''), saidMs)
  }

  #watchWidth() {
    new ResizeObserver(() => {
      const size = homeSize()
      if (size === sizes.home) return
      sizes.home = size
      this.ask('home')
    }).observe(byId('home-list'))
  }
}

/** Full rows only. */
function homeSize() {
  const columns = Math.max(2, Math.floor((byId('home-list').clientWidth + gapPx) / (cardPx + gapPx)))
  return Math.max(homeItemsMin, columns * homeRows)
}

function commandsOf(request) {
  const commands = [curl('/v1/recommendations', request)]
  if (request.surface !== 'product') return commands
  const product = `/v1/products/${encodeURIComponent(request.items[0])}`
  return [...commands, curl(`${product}/similar?limit=6`), curl(`${product}/bought-together?limit=6`)]
}

function emptyShop() {
  return [
    element('b', {}, 'Nothing in the shop yet.'),
    ' Products of the demo arrive within seconds; or send your own to ',
    element('code', {}, 'POST /v1/tables/products'),
    '.'
  ]
}
