import { days } from '../engine/time.ts'
import { topic, view } from '../engine/topic.ts'
import type { Act, Basket, Control, Impression, Merge } from './act.ts'
import { avroCodec } from './avro.ts'
import type { BasketStep } from './basket-step.ts'
import type { Erasure, ErasureProgress } from './erasure.ts'
import type { ErasureId, ItemId, OrderId, PersonId, SessionId, UserId, VisitorId } from './ids.ts'
import type { Interaction } from './interaction.ts'
import { bytesValue, jsonValue } from './json.ts'
import type { SessionErasure, SessionStep } from './session-step.ts'
import type { OrderItemRow, OrderRow, ProductRow, UserRow } from './tables.ts'
import type {
  BasketWeights,
  BlendWeights,
  BoughtTogether,
  CatalogItem,
  Identity,
  ItemEmbedding,
  ItemFeatures,
  ItemVector,
  SessionView,
  SimilarItems,
  UserFeatures
} from './views.ts'

/** Every topic and view by name (INTERFACES 8). A `null` value is a tombstone: the row, the order, the view is gone. */

// Inputs.

export const interactions = topic<VisitorId, Interaction>('interactions', {
  value: avroCodec('interaction'),
  mayKeepLess: true,
  timestampOf: event => event.ts
})
export const products = topic<ItemId, ProductRow | null>('products', {
  value: avroCodec<ProductRow>('product'),
  cleanup: 'compact'
})
export const users = topic<UserId, UserRow | null>('users', { value: avroCodec<UserRow>('user'), cleanup: 'compact' })
export const orders = topic<OrderId, OrderRow | null>('orders', {
  value: avroCodec<OrderRow>('order'),
  cleanup: 'compact'
})
/** Not compacted: the lines of an order share its key. */
export const orderItems = topic<OrderId, OrderItemRow>('order-items', {
  value: avroCodec('order-item'),
  mayKeepLess: true
})
export const merges = topic<VisitorId, Merge>('merges', {
  value: avroCodec('merge'),
  mayKeepLess: true,
  timestampOf: merge => merge.ts
})
export const control = topic<VisitorId, Control>('control', { value: jsonValue(), cleanup: 'compact' })
export const ticks = topic<never, Buffer>('ticks', { value: bytesValue, retentionMs: days(1), recordBytesMax: 1024 })
export const impressions = topic<VisitorId, Impression>('impressions', {
  value: avroCodec('impression'),
  mayKeepLess: true,
  timestampOf: impression => impression.ts
})

/** Compacted by person: who was erased, and until when. Kept, since a replay has to forget them too. */
export const erasureRequests = topic<VisitorId, Erasure>('erasure-requests', {
  value: jsonValue(),
  cleanup: 'compact',
  recordBytesMax: 4096
})

/** From the shop's own embedding service, where one is configured; a tombstone takes the item back to its terms. */
export const itemEmbeddings = topic<ItemId, ItemEmbedding | null>('item-embeddings', {
  value: avroCodec<ItemEmbedding>('item-embedding'),
  cleanup: 'compact'
})

// Between topologies.

/**
 * One partition by design: its offset order is the order that every index and learner reads. Kept as long as an index
 * looks back.
 */
export const sessionSteps = topic<SessionId, SessionStep | SessionErasure>('session-steps', {
  value: avroCodec('session-step'),
  partitions: 1,
  retentionMs: days(90),
  timestampOf: step => step.ts
})
/** One partition by design, as `session-steps`. Named after the orders and nobody; kept as long as a learner looks back. */
export const basketSteps = topic<OrderId, BasketStep | null>('basket-steps', {
  value: avroCodec<BasketStep>('basket-step'),
  partitions: 1,
  retentionMs: days(730)
})
/** A tombstone forgets what its person did up to its timestamp. */
export const acts = topic<PersonId, Act | null>('acts', { value: avroCodec<Act>('act'), mayKeepLess: true })
export const deadLetters = topic<never, Buffer>('dead-letters', {
  value: bytesValue,
  recordBytesMax: (1 << 20) + (64 << 10)
})

// Views. What a tolerance means is said in docs/views.md.

export const itemCatalog = view<ItemId, CatalogItem>('item-catalog', {
  value: avroCodec('catalog-item'),
  equality: 'exact'
})
export const itemFeatures = view<ItemId, ItemFeatures>('item-features', {
  value: avroCodec('item-features'),
  equality: { tolerance: 1e-3 }
})
export const userFeatures = view<PersonId, UserFeatures>('user-features', {
  value: avroCodec('user-features'),
  equality: { tolerance: 1e-3 }
})
export const sessions = view<VisitorId, SessionView>('sessions', {
  value: avroCodec('session-view'),
  equality: 'order'
})
export const identities = view<VisitorId, Identity>('identities', { value: avroCodec('identity'), equality: 'exact' })
export const baskets = view<OrderId, Basket>('baskets', {
  value: avroCodec('basket'),
  recordBytesMax: 4 << 20,
  equality: 'exact'
})
export const similarItems = view<ItemId, SimilarItems>('similar-items', {
  value: avroCodec('similar-items'),
  equality: { tolerance: 0.05 }
})
export const boughtTogether = view<ItemId, BoughtTogether>('bought-together', {
  value: avroCodec('bought-together'),
  equality: { tolerance: 0.05 }
})
export const blend = view<SessionId, BlendWeights>('blend', {
  value: avroCodec('blend'),
  partitions: 1,
  equality: 'order'
})
export const basket = view<OrderId, BasketWeights>('basket', {
  value: avroCodec('basket-weights'),
  partitions: 1,
  equality: 'order'
})
export const itemVectors = view<ItemId, ItemVector>('item-vectors', {
  value: avroCodec('item-vector'),
  equality: { tolerance: 0.2 }
})
export const erasures = view<ErasureId, ErasureProgress>('erasures', { value: jsonValue(), equality: 'exact' })
