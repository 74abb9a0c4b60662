import test from 'ava'
import fc from 'fast-check'
import { codeOf, MillraceError } from '../engine/errors.ts'
import { timeOfText } from './fields.ts'
import { eventTypes, type Interaction } from './interaction.ts'
import { checkEventTime, interactionFrom, orderFrom, orderItemFrom, productFrom, userFrom } from './rows.ts'

const now = Date.UTC(2025, 7, 15, 9)

const view = (change: object = {}) => ({
  event_id: '7d5c',
  user_id: 'u_123',
  session_id: 's_456',
  event_type: 'view',
  product_id: 'sku_789',
  ts: '2025-08-15T08:30:00Z',
  context: { referrer: 'home', device: 'mobile', price: 29.99 },
  ...change
})

/** The code an event is refused with, or `ok`. */
const verdict = (json: unknown) => outcome(() => interactionFrom(json, now))

function outcome(read: () => unknown): string {
  try {
    read()
    return 'ok'
  } catch (error) {
    if (!(error instanceof MillraceError) || error.remedy !== 'skip') throw error
    return codeOf(error)
  }
}

test('reads the event of the contract', t => {
  t.deepEqual(interactionFrom(view(), now), {
    event_id: '7d5c',
    user_id: 'u_123',
    session_id: 's_456',
    event_type: 'view',
    product_id: 'sku_789',
    ts: 1755246600000,
    context: { referrer: 'home', device: 'mobile', price: 29.99 }
  })
})

test('session_id, ts and context may be absent; ts is then now', t => {
  const event = interactionFrom({ event_id: 'e', user_id: 'u', event_type: 'click', product_id: 'p' }, now)
  t.deepEqual(event, {
    event_id: 'e',
    user_id: 'u',
    session_id: null,
    event_type: 'click',
    product_id: 'p',
    ts: now,
    context: {}
  })
})

test('keeps unknown fields in the context, whose own fields win, and nested values as JSON text', t => {
  const event = interactionFrom(view({ shelf: 4, device: 'tv', context: { device: 'mobile', tags: ['a', 1] } }), now)
  t.deepEqual(event.context, { shelf: 4, device: 'mobile', tags: '["a",1]' })
})

test('a prototype in the context changes nobody', t => {
  const event = interactionFrom(
    JSON.parse(
      '{"event_id":"e","user_id":"u","event_type":"view","product_id":"p","context":{"__proto__":{"bot":true},"constructor":"x"}}'
    ),
    now
  )
  t.deepEqual(Object.entries(event.context), [['constructor', 'x']])
  t.false(Object.hasOwn(event.context, 'bot'))
})

test('either id will do, neither will not', t => {
  t.is(verdict(view({ user_id: null })), 'ok')
  t.is(verdict(view({ session_id: '' })), 'ok')
  t.is(verdict(view({ user_id: null, session_id: undefined })), 'missing_field')
})

test('an impression names its list and how much of it was seen, and no product', t => {
  const impression = { event_id: 'e', session_id: 's', event_type: 'impression' }
  t.is(verdict({ ...impression, context: { seen: 4 } }), 'missing_field')
  t.is(verdict({ ...impression, recommendation_id: 'rec_1' }), 'missing_field')
  t.is(verdict({ ...impression, recommendation_id: 'rec_1', context: { seen: -1 } }), 'invalid_field')
  t.is(verdict({ ...impression, recommendation_id: 'rec_1', context: { seen: '4' } }), 'invalid_field')
  const event = interactionFrom({ ...impression, recommendation_id: 'rec_1', context: { seen: 4 } }, now)
  t.is(event.product_id, null)
  t.deepEqual(event.context, { recommendation_id: 'rec_1', seen: 4 })
})

test('refuses what is not an event, with a stable code', t => {
  t.is(verdict('view'), 'not_an_object')
  t.is(verdict([view()]), 'not_an_object')
  t.is(verdict(null), 'not_an_object')
  t.is(verdict(view({ event_id: undefined })), 'missing_field')
  t.is(verdict(view({ product_id: '' })), 'missing_field')
  t.is(verdict(view({ event_type: undefined })), 'missing_field')
  t.is(verdict(view({ event_type: 'buy' })), 'unknown_event_type')
  t.is(verdict(view({ event_type: 7 })), 'unknown_event_type')
  t.is(verdict(view({ user_id: 123 })), 'invalid_field')
  t.is(verdict(view({ user_id: 'a\u0000b' })), 'invalid_field')
  t.is(verdict(view({ user_id: 'é\u001f' })), 'invalid_field')
  t.is(verdict(view({ user_id: '\ud800' })), 'invalid_field')
  t.is(verdict(view({ context: 'home' })), 'invalid_field')
  t.is(verdict(view({ context: { order_id: 'a\n' } })), 'invalid_field')
})

test('an id has at most 256 bytes, not characters', t => {
  t.is(verdict(view({ product_id: 'x'.repeat(256) })), 'ok')
  t.is(verdict(view({ product_id: 'x'.repeat(257) })), 'id_too_long')
  t.is(verdict(view({ product_id: 'é'.repeat(128) })), 'ok')
  t.is(verdict(view({ product_id: 'é'.repeat(129) })), 'id_too_long')
})

test('an event has at most 16 KiB of JSON', t => {
  const room = 16_384 - JSON.stringify(view({ context: { note: '' } })).length
  t.is(verdict(view({ context: { note: 'x'.repeat(room) } })), 'ok')
  t.is(verdict(view({ context: { note: 'x'.repeat(room + 1) } })), 'event_too_large')
  t.is(verdict(view({ context: { note: '\u0001'.repeat(3000) } })), 'event_too_large')
  t.is(verdict(view({ ['k'.repeat(17_000)]: 1 })), 'event_too_large')
})

test('times: RFC 3339 with an offset, or epoch ms', t => {
  const ts = (value: unknown) => interactionFrom(view({ ts: value }), now).ts
  t.is(ts(1755246600000), 1755246600000)
  t.is(ts('1755246600000'), 1755246600000)
  t.is(ts('2025-08-15t10:30:00.5+02:00'), 1755246600500)
  t.is(ts('2025-08-15 08:30:00.123999Z'), 1755246600123)
  t.is(ts('2016-12-31T23:59:60Z'), Date.UTC(2017, 0, 1))
  t.is(ts('2024-02-29T00:00:00Z'), Date.UTC(2024, 1, 29))
  const bad = [
    '2025-08-15T08:30:00',
    '2025-08-15',
    '2025-02-29T00:00:00Z',
    '2025-13-01T00:00:00Z',
    '2025-08-15T24:00:00Z',
    '2025-08-15T08:30:00.Z',
    '2025-08-15T08:30:00+2:00',
    '2025-08-15T08:30:00Z ',
    'yesterday',
    true,
    {},
    Number.NaN,
    1e18
  ]
  for (const value of bad) t.is(verdict(view({ ts: value })), 'bad_timestamp', String(value))
})

test('every time that JavaScript writes is read back', t => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }), date => {
      t.is(timeOfText(date.toISOString()), date.getTime())
    })
  )
})

test('live events lie between max_age ago and five minutes ahead', t => {
  const at = (ts: number) => outcome(() => checkEventTime(ts, now, 1000))
  t.is(at(now + 300_000), 'ok')
  t.is(at(now + 300_001), 'ts_in_future')
  t.is(at(now - 1000), 'ok')
  t.is(at(now - 1001), 'ts_too_old')
})

test('reads a product, its numbers also as text, and ignores unknown columns', t => {
  t.deepEqual(
    productFrom(
      {
        product_id: 42,
        title: 'Lantern',
        category: 'home>light',
        price: '3.39',
        stock: 7,
        attributes: { wood: true },
        active: 'f',
        available_in: 'GB, IE',
        created_at: '2025-08-15T08:30:00Z',
        warehouse: 'north'
      },
      now
    ),
    {
      product_id: '42',
      title: 'Lantern',
      description: null,
      category: 'home > light',
      brand: null,
      attributes: '{"wood":true}',
      price: 3.39,
      stock: 7,
      image_url: null,
      group_id: null,
      currency: null,
      active: false,
      available_in: ['GB', 'IE'],
      available_from: null,
      available_until: null,
      created_at: 1755246600000,
      updated_at: now
    }
  )
})

test('reads a user; unknown consent stays unknown', t => {
  t.deepEqual(userFrom({ user_id: 'u1', name: 'Ada', preferences: '{"a":1}', updated_at: 5 }, now), {
    user_id: 'u1',
    name: 'Ada',
    country: null,
    preferences: '{"a":1}',
    consent_personalization: null,
    updated_at: 5
  })
  t.true(userFrom({ user_id: 'u1', consent_personalization: true }, now).consent_personalization)
})

test('an order without a customer is a guest, one without the column is refused', t => {
  const order = { order_id: 9007199254740993n, user_id: null, order_ts: 1755246600000, total: '12.5' }
  t.deepEqual(orderFrom(order), {
    order_id: '9007199254740993',
    user_id: 'guest_9007199254740993',
    order_ts: 1755246600000,
    total: 12.5,
    status: 'placed'
  })
  t.is(
    outcome(() => orderFrom({ ...order, user_id: undefined })),
    'missing_field'
  )
  t.is(
    outcome(() => orderFrom({ ...order, order_ts: null })),
    'missing_field'
  )
  t.is(
    outcome(() => orderFrom({ ...order, status: 'lost' })),
    'invalid_field'
  )
})

test('reads order lines and their removal', t => {
  const line = { order_id: 'o', product_id: 'p', qty: 2, price: 1.5 }
  t.deepEqual(orderItemFrom(line), { ...line, returned_qty: 0, deleted: false })
  t.deepEqual(orderItemFrom({ order_id: 'o', product_id: 'p', deleted: true }), {
    order_id: 'o',
    product_id: 'p',
    qty: 0,
    price: null,
    returned_qty: 0,
    deleted: true
  })
  t.is(
    outcome(() => orderItemFrom({ ...line, qty: -1 })),
    'invalid_field'
  )
  t.is(
    outcome(() => orderItemFrom({ ...line, qty: 'two' })),
    'invalid_field'
  )
  t.is(
    outcome(() => orderItemFrom({ ...line, qty: undefined })),
    'missing_field'
  )
})

const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withSparseArray: true,
  withTypedArray: true
})
const fieldNames = [
  'event_id',
  'user_id',
  'session_id',
  'event_type',
  'product_id',
  'ts',
  'context',
  'seen',
  'order_id'
]
const rowNames = [
  'title',
  'price',
  'active',
  'available_in',
  'order_ts',
  'total',
  'status',
  'qty',
  'deleted',
  'attributes'
]
const damagedRow = fc
  .tuple(
    fc.constantFrom(view(), { ...view(), title: 't', order_id: 'o', order_ts: 0, qty: 1 }),
    fc.dictionary(fc.constantFrom(...fieldNames, ...rowNames), anything)
  )
  .map(([row, damage]) => ({ ...row, ...damage }))

test('whatever comes in, nothing but a skip error comes out', t => {
  fc.assert(
    fc.property(fc.oneof(damagedRow, anything), json => {
      outcome(() => interactionFrom(json, now))
      outcome(() => productFrom(json, now))
      outcome(() => userFrom(json, now))
      outcome(() => orderFrom(json))
      outcome(() => orderItemFrom(json))
    }),
    { numRuns: 5000 }
  )
  t.pass()
})

const anyId = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter(text => text.isWellFormed() && ![...text].some(c => c < ' '))
const anyEvent: fc.Arbitrary<Interaction> = fc.record({
  event_id: anyId,
  user_id: anyId,
  session_id: fc.option(anyId),
  event_type: fc.constantFrom(...eventTypes.filter(type => type !== 'impression')),
  product_id: anyId,
  ts: fc.integer({ min: 0, max: 4e12 }),
  context: fc.dictionary(
    anyId.filter(key => key !== '__proto__'),
    fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
    { noNullPrototype: true }
  )
})

test('an event of our own reads back as itself, through JSON too', t => {
  fc.assert(
    fc.property(anyEvent, event => {
      t.deepEqual(interactionFrom(event, now), event)
      t.deepEqual(interactionFrom(JSON.parse(JSON.stringify(event)), now), event)
    })
  )
})
