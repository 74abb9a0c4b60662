import { call, saveKey } from './api.js'
import { CartPanel, totalOf } from './cart-panel.js'
import { combobox } from './combobox.js'
import { byId, element, setText } from './dom.js'
import { Feed } from './feed.js'
import { ProductPanel } from './product-panel.js'
import { learn } from './products.js'
import { LiveSocket } from './socket.js'
import { Strip } from './strip.js'
import { Surfaces } from './surfaces.js'
import { tile } from './tile.js'
import { nameOf, uuid, Visit } from './visit.js'
import { money, readable, readablePath } from './words.js'

const probeMs = 1_200
const narrow = matchMedia('(max-width: 60rem)')
const stillness = matchMedia('(prefers-reduced-motion: reduce)')

const visit = new Visit()
const feed = new Feed({ list: byId('feed'), announce })
const strip = new Strip({ onStatus, onRefused: askForKey })
const socket = new LiveSocket({
  state: onConnection,
  next: (surface, answer, ms) => surfaces.next(surface, answer, ms),
  listError: (surface, problem, isPassing) => surfaces.failed(surface, problem, isPassing),
  acknowledged: (event, ms) => feed.acknowledged(event, ms),
  refused: (event, problem) => feed.refused(event, problem)
})
const surfaces = new Surfaces({ visit, socket, feed, strip, onOpen: open, onAdd: addToCart })
const served = (ms, serverMs) => strip.answered(ms, serverMs)
const product = new ProductPanel({ onOpen: open, onAdd: addToCart, onServed: served })
const cart = new CartPanel({ visit, onRemove: removeFromCart, onBuy: buy })
let lastConnection = 'connecting'

start()

function start() {
  const customers = combobox({
    input: byId('customer'),
    list: byId('customer-options'),
    find: findCustomers,
    optionOf: customerOption,
    choose: become,
    resting: () => visit.name,
    announce
  })
  combobox({
    input: byId('search'),
    list: byId('search-options'),
    find: findProducts,
    optionOf: productOption,
    choose: chosen => open(chosen, { referrer: 'search' }),
    resting: () => '',
    announce
  })
  byId('key-form').addEventListener('submit', event => {
    event.preventDefault()
    saveKey(byId('key').value)
    location.reload()
  })
  customers.refresh()
  showVisitor()
  delete byId('surfaces').dataset.starting
  socket.open()
  void strip.poll()
  setTimeout(probe, probeMs)
}

/** How fast is an answer, before anybody has clicked? */
async function probe() {
  const startedMs = performance.now()
  try {
    const { serverMs } = await call('/v1/recommendations?surface=home&limit=10&personalize=false')
    strip.answered(performance.now() - startedMs, serverMs)
  } catch {
    // The strip and the lists say already what is wrong.
  }
}

/** Acts. */

function open(item, cause) {
  act(`Viewed ${shortName(item)}`, [visit.event('view', item, cause)])
  visit.view(item)
  product.show(item)
  surfaces.ask('product')
  const [place, block] = narrow.matches ? ['product', 'start'] : ['product-stage', 'nearest']
  byId(place).scrollIntoView({ block, behavior: stillness.matches ? 'auto' : 'smooth' })
}

function addToCart(item, cause) {
  if (!visit.add(item)) return feed.note('The cart is full', 'It holds 50 products.', 'bad')
  act(`Added ${shortName(item)}`, [visit.event('add_to_cart', item, cause)])
  cart.show()
  surfaces.ask('cart')
}

function removeFromCart(line) {
  visit.remove(line.product_id)
  act(`Removed ${shortName(line)}`, [visit.event('remove_from_cart', line, { referrer: 'cart' })])
  cart.show()
  surfaces.ask('cart')
}

function buy() {
  const lines = visit.cart
  const order_id = `page_${uuid()}`
  const events = lines.map(line => visit.event('purchase', line, { order_id, referrer: 'cart', quantity: line.qty }))
  const pieces = lines.length === 1 ? shortName(lines[0]) : `${lines.length} products`
  act(`Bought ${pieces} for ${money(totalOf(lines), lines[0].currency)}`, events)
  void writeOrder(order_id, lines)
  visit.emptyCart()
  cart.show()
  surfaces.ask('cart')
}

/** What the shop's own database would say of it. */
async function writeOrder(order_id, lines) {
  const order = {
    order_id,
    user_id: visit.customer?.user_id ?? null,
    order_ts: new Date().toISOString(),
    total: totalOf(lines)
  }
  const items = lines.map(({ product_id, qty, price }) => ({ order_id, product_id, qty, price }))
  try {
    await call('/v1/tables/orders', { body: [order] })
    await call('/v1/tables/order-items', { body: items })
  } catch (error) {
    feed.note('The order was not written', error.message, 'bad')
  }
}

function act(text, events) {
  feed.act(
    text,
    events.map(event => event.event_id)
  )
  for (const event of events) socket.event(event)
}

/** Who is shopping. */

function become(customer) {
  visit.become(customer)
  feed.note(`Shopping as ${visit.name}`, customer === null ? 'a new session' : (customer.country ?? ''))
  showVisitor()
}

function showVisitor() {
  setText(byId('home-about'), `Top picks for ${visit.spokenName}`)
  setText(byId('email-to'), visit.customer === null ? 'whoever signs up' : visit.name)
  product.show(visit.viewed)
  cart.show()
  surfaces.reset()
}

async function findCustomers(text, signal) {
  const { value } = await call(`/page/customers?${new URLSearchParams({ q: text })}`, { signal })
  return text === '' ? [null, ...value.customers] : value.customers
}

function customerOption(customer) {
  if (customer === null)
    return [element('b', {}, 'Anonymous visitor'), element('span', {}, 'a new session, no history')]
  const { country, orders } = customer
  const history = `${orders} ${orders === 1 ? 'order' : 'orders'}`
  return [element('b', {}, nameOf(customer)), element('span', {}, [country, history].filter(Boolean).join(' · '))]
}

async function findProducts(text, signal) {
  const { value } = await call(`/page/products?${new URLSearchParams({ q: text })}`, { signal })
  learn(value.products)
  return value.products
}

function productOption(found) {
  return [
    element('span', { class: 'picture' }, tile(found)),
    element('b', {}, readable(found.title)),
    element('span', {}, found.category === null ? '' : readablePath(found.category)),
    element('span', { class: 'price' }, money(found.price, found.currency))
  ]
}

/** How things are. */

function onConnection(state, detail) {
  strip.connection(state, detail)
  if (state === 'refused') askForKey()
  if (state === 'waiting' && lastConnection === 'live') {
    feed.note('Connection lost', 'Lists stay as they are; clicks are kept and sent later.', 'bad')
  }
  if (state === 'live' && lastConnection !== 'connecting') {
    const kept = socket.unacknowledged
    feed.note('Connected again', kept === 0 ? 'Lists are up to date.' : `${kept} kept clicks are sent.`)
  }
  if (['live', 'waiting'].includes(state)) lastConnection = state
}

function onStatus({ load }) {
  if (load !== null && !load.done) surfaces.askEmpty()
}

function askForKey() {
  byId('key-form').hidden = false
}

function announce(text) {
  setText(byId('announcement'), text)
}

function shortName({ title, product_id }) {
  const name = readable(title ?? product_id)
  return name.length > 42 ? `${name.slice(0, 40).trimEnd()}…` : name
}
