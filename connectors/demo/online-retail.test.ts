import { readFileSync } from 'node:fs'
import test from 'ava'
import { lastOrderTime, openDemoShop, type ShopMoment, shiftBefore } from './online-retail.ts'
import { isProductCode } from './retail-lines.ts'

const day = 86_400_000
const shop = openDemoShop(0)
const product = (id: string) => shop.products.find(({ product_id }) => product_id === id)
const momentsOf = (orderId: string): ShopMoment[] =>
  [...shop.moments()].filter(({ items }) => items.some(({ order_id }) => order_id === orderId))

test('every line of the data is accounted for', t => {
  t.deepEqual(shop.counts, {
    lines: { 'not-a-product': 3098, cancellation: 8701, 'write-off': 1324, free: 1158, sale: 527_628 },
    orders: 19_770,
    guestOrders: 1371,
    items: 517_157,
    linesMerged: 10_471,
    cancellationsMatched: 7429,
    cancellationsPartly: 51,
    cancellationsIgnored: 1221,
    itemsChanged: 7543,
    ordersReturned: 135
  })
  const { lines, items, linesMerged } = shop.counts
  t.is(
    Object.values(lines).reduce((sum, count) => sum + count),
    541_909
  )
  t.is(items + linesMerged, lines.sale)
})

test('docs/demo-shop.md names every count', t => {
  const page = readFileSync(new URL('../../docs/demo-shop.md', import.meta.url), 'utf8')
  const { lines, ...counts } = shop.counts
  const stated = [...Object.values(lines), ...Object.values(counts), shop.products.length, shop.users.length]
  t.deepEqual(
    stated.map(count => count.toLocaleString('en')).filter(count => !page.includes(count)),
    []
  )
})

test('a product has the usual title, the median price and a derived category', t => {
  t.deepEqual(product('85123A'), {
    product_id: '85123A',
    title: 'WHITE HANGING HEART T-LIGHT HOLDER',
    description: null,
    category: 'candles & scent > candle holders',
    brand: null,
    attributes: null,
    price: 2.95,
    stock: 97,
    image_url: null,
    group_id: '85123',
    currency: 'GBP',
    active: true,
    available_in: null,
    available_from: null,
    available_until: null,
    created_at: Date.UTC(2010, 11, 1, 8, 26),
    updated_at: Date.UTC(2010, 11, 1, 8, 26)
  })
})

test('letters behind the number are variants of one group, whatever their case', t => {
  const parasols = shop.products.filter(({ group_id }) => group_id === '15056')
  t.deepEqual(
    parasols.map(({ product_id, title }) => [product_id, title]),
    [
      ['15056BL', 'EDWARDIAN PARASOL BLACK'],
      ['15056N', 'EDWARDIAN PARASOL NATURAL'],
      ['15056P', 'EDWARDIAN PARASOL PINK']
    ]
  )
  t.is(product('22423')?.group_id, '22423')
})

test('postage, fees, vouchers and corrections are no products', t => {
  const others = [
    'POST',
    'DOT',
    'M',
    'm',
    'D',
    'S',
    'B',
    'C2',
    'BANK CHARGES',
    'AMAZONFEE',
    'CRUK',
    'PADS',
    'gift_0001_10'
  ]
  t.deepEqual(others.filter(isProductCode), [])
  t.deepEqual(['DCGS0003', 'DCGSSBOY', '22016', '23444', '23574', '23702'].filter(isProductCode), [])
  t.true(['85123A', '15056bl', '22423'].every(isProductCode))
})

test('3,787 products: all with a title and a price, few without a category, one in twenty out of stock', t => {
  t.is(shop.products.length, 3787)
  t.true(shop.products.every(({ title, price }) => title !== '' && Number(price) > 0))
  t.is(shop.products.filter(({ category }) => category === 'home > other').length, 43)
  t.is(shop.products.filter(({ brand }) => brand !== null).length, 741)
  t.is(shop.products.filter(({ stock }) => stock === 0).length, 157)
  t.is(new Set(shop.products.map(({ group_id }) => group_id)).size, 3278)
})

test('one user row per customer, none for guests', t => {
  t.is(shop.users.length, 4372)
  t.deepEqual(shop.users[0], {
    user_id: '12346',
    name: 'Customer 12346',
    country: 'United Kingdom',
    preferences: null,
    consent_personalization: null,
    updated_at: Date.UTC(2010, 11, 1, 8, 26)
  })
})

test('the first order, its items and its purchases', t => {
  const first = shop.moments().next().value as ShopMoment
  const ts = Date.UTC(2010, 11, 1, 8, 26)
  t.deepEqual(first.orders, [{ order_id: '536365', user_id: '17850', order_ts: ts, total: 139.12, status: 'placed' }])
  t.is(first.items.length, 7)
  t.deepEqual(first.items[0], {
    order_id: '536365',
    product_id: '85123A',
    qty: 6,
    price: 2.55,
    returned_qty: 0,
    deleted: false
  })
  t.deepEqual(first.purchases[0], {
    event_id: 'demo-514e28b7',
    user_id: '17850',
    session_id: 's_536365',
    event_type: 'purchase',
    product_id: '85123A',
    ts,
    context: { order_id: '536365', price: 2.55, qty: 6 }
  })
})

test('the one invoice that a cancellation interrupts is still one order', t => {
  const [order, ...more] = momentsOf('542806')
  t.deepEqual(more, [])
  t.is(order.ts, Date.UTC(2011, 1, 1, 11, 19))
  t.is(order.items.length, 39)
})

test('a guest is one person of their own in orders, and only a session in events', t => {
  const [{ orders, purchases }] = momentsOf('536544')
  t.is(orders[0].user_id, 'guest_536544')
  t.is(purchases[0].user_id, null)
  t.is(purchases[0].session_id, 's_536544')
})

test('a cancellation changes the older order at its own time', t => {
  const [bought, cancelled, ...more] = momentsOf('541431')
  t.deepEqual(more, [])
  t.is(bought.orders[0].status, 'placed')
  t.is(bought.items[0].returned_qty, 0)
  t.deepEqual(cancelled, {
    ts: Date.UTC(2011, 0, 18, 10, 17),
    orders: [
      {
        order_id: '541431',
        user_id: '12346',
        order_ts: Date.UTC(2011, 0, 18, 10, 1),
        total: 77_183.6,
        status: 'returned'
      }
    ],
    items: [
      { order_id: '541431', product_id: '23166', qty: 74_215, price: 1.04, returned_qty: 74_215, deleted: false }
    ],
    purchases: []
  })
})

test('nobody returns more than was bought, and nothing before it was bought', t => {
  const bought = new Map<string, number>()
  let before = 0
  for (const { ts, items } of shop.moments()) {
    t.true(ts >= before)
    before = ts
    for (const { order_id, product_id, qty, returned_qty } of items) {
      const key = `${order_id} ${product_id}`
      if (returned_qty === 0) bought.set(key, qty)
      else if (!(returned_qty <= (bought.get(key) ?? 0))) t.fail(`${key} returns ${returned_qty}`)
    }
  }
  t.is(bought.size, shop.counts.items)
})

test('events have ids of their own', t => {
  const ids = new Set<string>()
  for (const { purchases } of shop.moments()) for (const { event_id } of purchases) ids.add(event_id)
  t.is(ids.size, 517_157)
})

test('the shift is whole weeks, and the last order falls in the week before the start', t => {
  for (const start of [
    Date.UTC(2026, 10, 24, 7),
    lastOrderTime + 1,
    lastOrderTime + 7 * day,
    lastOrderTime + 7 * day + 1
  ]) {
    const shift = shiftBefore(start)
    t.is(shift % (7 * day), 0)
    t.true(lastOrderTime + shift < start && lastOrderTime + shift >= start - 7 * day, String(start))
  }
})

test('times and only times are shifted', t => {
  const week = 7 * day
  const shifted = openDemoShop(week)
  t.is(shifted.products[0].created_at, Number(shop.products[0].created_at) + week)
  t.is(shifted.users[0].updated_at, shop.users[0].updated_at + week)
  const [plain, moved] = [shop, shifted].map(({ moments }) => moments().next().value as ShopMoment)
  t.is(moved.ts, plain.ts + week)
  t.is(moved.purchases[0].ts, plain.ts + week)
  t.is(moved.purchases[0].event_id, plain.purchases[0].event_id)
})
