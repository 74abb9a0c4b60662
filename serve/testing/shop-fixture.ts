import type { StateStore } from '../../engine/stores/state-store.ts'
import { type ViewChange, viewRowKey } from '../../engine/task/views.ts'
import type { ViewTopic } from '../../engine/topic.ts'
import type { Restrictions } from '../../recommend/catalog.ts'
import { behaviourVector } from '../../recommend/vectors/behaviour-vector.ts'
import { contentVector } from '../../recommend/vectors/content-vector.ts'
import type { Basket, Impression } from '../../schemas/act.ts'
import {
  basket,
  baskets,
  boughtTogether,
  identities,
  itemCatalog,
  itemFeatures,
  itemVectors,
  sessions,
  similarItems,
  userFeatures
} from '../../schemas/topics.ts'
import type { CatalogItem, ItemFeatures, SessionView, UserFeatures } from '../../schemas/views.ts'
import type { AnswerContext, Query, Recommender } from '../ports.ts'
import { ImpressionLog } from '../recommender/impression-log.ts'
import { createRecommender } from '../recommender/recommender.ts'
import { SessionOverlay } from '../recommender/session-overlay.ts'
import { ViewSet } from '../views/view-set.ts'

const views = [
  itemVectors,
  itemCatalog,
  itemFeatures,
  userFeatures,
  sessions,
  identities,
  similarItems,
  boughtTogether,
  baskets,
  basket
]
export const viewIdOf = (name: string) => views.findIndex(view => view.name === name) + 1

/** A time all rows are about, unless they say otherwise. */
export const fixtureNow = Date.UTC(2026, 5, 1)

/** A shop in a store, row by row: for tests and benchmarks of what answers. */
export class ShopFixture {
  /** Since `start`, as a stream would hand them over; applied by `sync`. */
  readonly changes: ViewChange[] = []
  readonly impressions: Impression[] = []
  private readonly store: StateStore

  constructor(store: StateStore) {
    this.store = store
  }

  product(id: string, row: Partial<CatalogItem> = {}): this {
    return this.put(itemCatalog, id, {
      product_id: id,
      title: `Title of ${id}`,
      category: null,
      brand: null,
      price: 10,
      currency: null,
      stock: null,
      active: true,
      group_id: id,
      image_url: null,
      available_in: null,
      available_from: null,
      available_until: null,
      created_at: null,
      updated_at: fixtureNow,
      ...row
    })
  }

  /** `popularity`: the same over all half-lives, organic. */
  features(id: string, popularity: number, row: Partial<ItemFeatures> = {}): this {
    const all: ItemFeatures['organic'] = [popularity, popularity, popularity, popularity]
    return this.put(itemFeatures, id, {
      as_of: fixtureNow,
      popularity: all,
      organic: all,
      views: 1,
      clicks: 0,
      carts: 0,
      purchases: 0,
      units: 0,
      buyers: 0,
      reorder_rate: null,
      trend: 1,
      conversion: null,
      price_band: null,
      first_seen: fixtureNow,
      last_seen: fixtureNow,
      ...row
    })
  }

  similar(id: string, viewed: Record<string, number>, bought: Record<string, number> = {}): this {
    const list = (scores: Record<string, number>) =>
      Object.entries(scores).map(([product_id, score]) => ({ product_id, score, people: 3 }))
    const row = { as_of: fixtureNow, weight: 1, co_viewed: list(viewed), viewed_then_bought: list(bought) }
    return this.put(similarItems, id, row)
  }

  /** Companions by confidence. */
  together(id: string, companions: Record<string, number>, baskets = 50): this {
    return this.put(boughtTogether, id, {
      baskets,
      companions: Object.entries(companions).map(([product_id, confidence]) => ({
        product_id,
        together: Math.round(confidence * baskets),
        confidence,
        people: 3
      }))
    })
  }

  /** A user's order as it stands. */
  order(id: string, person: string, items: string[], row: Partial<Basket> = {}): this {
    const ts = row.ts ?? fixtureNow
    const lines = items.map(product_id => ({ product_id, ts, qty: 1, price: 1, organic: true }))
    return this.put(baskets, id, { person, is_user: true, ts, counts: true, lines, ...row })
  }

  basketWeights(version: number, weights: readonly number[]): this {
    return this.put(basket, 'basket', { version, weights: [...weights], withheld: 0, lead: 0 })
  }

  /** Content made of these words, behaviour of these companions. */
  vector(id: string, words: string[], companions: string[] = []): this {
    const content = contentVector(words.map(name => ({ name, weight: 6, level: 0 })))
    const behaviour = companions.map(product_id => ({ product_id, score: 0.5 }))
    return this.put(itemVectors, id, {
      content: Buffer.from(content.buffer),
      content_from: 'terms',
      behaviour: companions.length > 0 ? Buffer.from(behaviourVector(id, behaviour).buffer) : null,
      evidence: companions.length > 0 ? 0.5 : 0
    })
  }

  user(id: string, row: Partial<UserFeatures> = {}): this {
    return this.put(userFeatures, id, {
      as_of: fixtureNow,
      consent: true,
      country: null,
      categories: [],
      brands: [],
      price_bands: [],
      recency: fixtureNow,
      frequency: 1,
      orders: 0,
      known_from: null,
      others: [],
      monetary: 0,
      seen: [],
      bought: [],
      dismissed: [],
      ...row
    })
  }

  /** `items` oldest first, one second apart, the last of them now. */
  session(id: string, items: string[], row: Partial<SessionView> = {}): this {
    return this.put(sessions, id, {
      session: `${id}#0`,
      user_id: null,
      started: fixtureNow - 60_000,
      last: fixtureNow,
      items: items.map((product_id, i) => viewed(product_id, fixtureNow - (items.length - 1 - i) * 1000)),
      cart: [],
      dismissed: [],
      ...row
    })
  }

  identity(id: string, user_id: string): this {
    return this.put(identities, id, { user_id, since: fixtureNow })
  }

  remove(view: ViewTopic<any, any>, key: string): this {
    const batch = this.store.batch()
    batch.delete('views', viewRowKey(viewIdOf(view.name), key))
    this.store.write(batch)
    this.changes.push({ view: view.name, key, value: null })
    return this
  }

  start(
    options: {
      consentDefault?: boolean
      restrictions?: Restrictions
      cacheBytesMax?: number
      strangersMax?: number
      /** Default: at once. */
      readOrders?: boolean
    } = {}
  ) {
    const { consentDefault = false, readOrders = true, ...rest } = options
    const set = new ViewSet({ store: this.store, viewIdOf, ...rest })
    set.build()
    if (readOrders) set.orderScan.read(Number.POSITIVE_INFINITY)
    this.changes.length = 0
    const overlay = new SessionOverlay()
    const impressions = new ImpressionLog({ send: records => this.impressions.push(...records) > 0 })
    const recommender = createRecommender({ views: set, overlay, impressions, consentDefault })
    return new RunningShop(this, { views: set, overlay, recommender })
  }

  private put<Row>(view: ViewTopic<any, Row>, key: string, row: Row): this {
    const value = view.value.encode(row)
    const batch = this.store.batch()
    batch.put('views', viewRowKey(viewIdOf(view.name), key), value)
    this.store.write(batch)
    this.changes.push({ view: view.name, key, value })
    return this
  }
}

function viewed(product_id: string, ts: number): SessionView['items'][number] {
  return { product_id, event_type: 'view', ts }
}

export class RunningShop {
  readonly views: ViewSet
  readonly overlay: SessionOverlay
  readonly recommender: Recommender
  now = fixtureNow
  private readonly fixture: ShopFixture

  constructor(
    fixture: ShopFixture,
    { views, overlay, recommender }: { views: ViewSet; overlay: SessionOverlay; recommender: Recommender }
  ) {
    this.fixture = fixture
    this.views = views
    this.overlay = overlay
    this.recommender = recommender
  }

  ask(query: Partial<Query>) {
    const asked: Query = { surface: 'home', limit: 20, personalize: true, position_from: 1, ...query }
    const answer = this.recommender.recommend(asked, this.context())
    this.recommender.shown(asked, answer, this.now)
    return answer
  }

  ids(query: Partial<Query>): string[] {
    return this.ask(query).items.map(item => item.product_id)
  }

  /** Hands over what has changed since; a second passes. */
  sync() {
    this.now += 1000
    return this.views.apply(this.fixture.changes.splice(0))
  }

  context(deadlineMs = Infinity): AnswerContext {
    return { now: this.now, deadlineMs, stages: { end: () => undefined } }
  }
}
