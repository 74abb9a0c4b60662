import type { StoreReader } from '../../engine/stores/state-store.ts'
import type { ViewChange } from '../../engine/task/views.ts'
import type { ViewTopic } from '../../engine/topic.ts'
import { Catalog, marks, noRestrictions, type Restrictions } from '../../recommend/catalog.ts'
import { OrderIndex } from '../../recommend/order-index.ts'
import { PairTotals } from '../../recommend/pair-totals.ts'
import { PopularItems } from '../../recommend/popular-items.ts'
import { ReorderRates } from '../../recommend/reorder-rates.ts'
import type { RetrievalParameters } from '../../recommend/session-index/parameters.ts'
import type { Shop } from '../../recommend/shop.ts'
import { TopItems } from '../../recommend/top-items.ts'
import type { Neighbours, Profile } from '../../recommend/visit.ts'
import { VisitIndex } from '../../recommend/visit-index.ts'
import {
  basket,
  baskets,
  blend,
  boughtTogether,
  erasures,
  identities,
  itemCatalog,
  itemFeatures,
  itemVectors,
  sessions,
  similarItems,
  userFeatures
} from '../../schemas/topics.ts'
import type { Identity, ItemFeatures, SessionView, UserFeatures } from '../../schemas/views.ts'
import { type Graphs, VectorView } from '../vectors/vector-view.ts'
import { MaterialisedView } from './materialised-view.ts'
import { OrderScan } from './order-scan.ts'
import { orderedBasket } from './ordered-basket.ts'
import { companionList, profile, similarLists } from './prepared-rows.ts'
import { basketsTotal, similarTotal } from './row-totals.ts'
import { scanView } from './scan-view.ts'

export interface ViewSetOptions {
  store: StoreReader
  /** Asked again until it knows: in a new directory views get their ids as the streams start. */
  viewIdOf: (view: string) => number | undefined
  restrictions?: Restrictions
  /** For all decoded rows together; default 96 MB. */
  cacheBytesMax?: number
  /** See `Catalog`. */
  strangersMax?: number
  /** Of the session index. */
  retrieval?: RetrievalParameters
  /** Where graphs of many vectors are kept; without, search by vector is exact. */
  graphs?: Graphs
}

/** Keys of a batch of changes, by whom they concern; a user's features may stand under a session's id, so both are told. */
export interface ChangedKeys {
  sessions: Set<string>
  users: Set<string>
  items: Set<string>
}

/** Of everything that answers are made from. */
export const viewNames: readonly string[] = [
  itemCatalog,
  itemFeatures,
  userFeatures,
  sessions,
  identities,
  similarItems,
  boughtTogether,
  baskets,
  basket,
  blend,
  itemVectors,
  erasures
].map(({ name }) => name)

const cacheBytesDefault = 96 << 20
/** Of the cache; item lists are the hottest and the largest. */
const shares = { similar: 0.4, companions: 0.2, users: 0.2, sessions: 0.15, identities: 0.05 }

/**
 * All views as answers read them. Items are wholly in memory (about 1 KB each: the catalog, titles by word, popularity);
 * lists, people and visits are read by key through bounded caches.
 *
 * `build` reads every item once, and `orderScan` every order, between answers; from then on `apply` keeps everything current. A change that is applied twice, or that
 * the store already held when it was built, does no harm.
 */
export class ViewSet {
  readonly shop: Shop
  readonly users: MaterialisedView<UserFeatures, Profile>
  readonly sessions: MaterialisedView<SessionView, SessionView>
  readonly identities: MaterialisedView<Identity, Identity>
  /** To be started after `build`: until it is complete nobody is told what they may order next. */
  readonly orderScan: OrderScan
  private readonly options: ViewSetOptions
  private readonly vectors: VectorView
  private readonly totals = new PairTotals()
  private readonly features: MaterialisedView<ItemFeatures, ItemFeatures>
  private readonly appliers = new Map<string, (change: ViewChange, changed: ChangedKeys) => void>()

  constructor(options: ViewSetOptions) {
    this.options = options
    const catalog = new Catalog({ strangersMax: options.strangersMax })
    catalog.restrict(options.restrictions ?? noRestrictions)
    const similar = this.view(similarItems, shares.similar, row => similarLists(catalog, row))
    const companions = this.view(boughtTogether, shares.companions, row => companionList(catalog, row))
    this.users = this.view(userFeatures, shares.users, row => profile(catalog, row))
    this.sessions = this.view(sessions, shares.sessions, row => row)
    this.identities = this.view(identities, shares.identities, row => row)
    this.features = this.view(itemFeatures, 0, row => row)
    const neighbours: Neighbours = {
      totals: this.totals,
      similarTo: item => similar.get(catalog.items.nameOf(item)),
      companionsOf: item => companions.get(catalog.items.nameOf(item)),
      load: (items, count) => {
        const names: string[] = []
        for (let i = 0; i < count; i++) names.push(catalog.items.nameOf(items[i]))
        this.loadNeighbours(names)
      }
    }
    this.vectors = new VectorView(catalog, options.graphs)
    const visits = new VisitIndex(catalog, options.retrieval)
    this.shop = {
      catalog,
      popular: new PopularItems(catalog),
      reorders: new ReorderRates(),
      neighbours,
      visits,
      orders: new OrderIndex(catalog, neighbours),
      vectors: this.vectors.search
    }
    this.orderScan = this.scanOfOrders()
    this.loadNeighbours = keys => {
      similar.load(keys)
      companions.load(keys)
    }
    this.appliers
      .set(similarItems.name, ({ key, value }) => {
        similar.drop(key)
        this.putDays(key, value)
      })
      .set(boughtTogether.name, ({ key, value }) => {
        companions.drop(key)
        this.putBaskets(key, value)
      })
      .set(itemCatalog.name, ({ key, value }, changed) => {
        this.putItem(key, value)
        changed.items.add(key)
      })
      .set(baskets.name, ({ key, value }) => this.putOrder(key, value))
      .set(basket.name, ({ value }) => this.putBasket(value))
      .set(blend.name, ({ value }) => this.putBlend(value))
      .set(itemVectors.name, ({ key, value }) => this.vectors.put(key, value))
      .set(itemFeatures.name, ({ key, value }) => this.putFeatures(key, value))
    this.followPeople()
  }

  /** Reads what is not at hand of several items' lists at once. */
  readonly loadNeighbours: (productIds: readonly string[]) => void

  /** Reads all items from the store, about 20 µs each, and the totals of their lists. */
  build(): void {
    const { store, viewIdOf } = this.options
    const read = (view: string, put: (key: string, bytes: Buffer) => void) => {
      const id = viewIdOf(view)
      if (id !== undefined) scanView(store, id, put)
    }
    read(itemCatalog.name, (key, bytes) => this.putItem(key, bytes))
    read(itemFeatures.name, (key, bytes) => this.putFeatures(key, bytes))
    read(similarItems.name, (key, bytes) => this.putDays(key, bytes))
    read(boughtTogether.name, (key, bytes) => this.putBaskets(key, bytes))
    read(basket.name, (_, bytes) => this.putBasket(bytes))
    read(blend.name, (_, bytes) => this.putBlend(bytes))
    read(itemVectors.name, (key, bytes) => this.vectors.put(key, bytes))
    void this.vectors.start()
  }

  apply(changes: readonly ViewChange[]): ChangedKeys {
    const changed: ChangedKeys = { sessions: new Set(), users: new Set(), items: new Set() }
    for (const change of changes) this.appliers.get(change.view)?.(change, changed)
    return changed
  }

  featuresOf(productId: string): ItemFeatures | null {
    return this.features.row(productId)
  }

  restrict(restrictions: Restrictions): void {
    this.shop.catalog.restrict(restrictions)
    this.shop.popular.touchAll()
  }

  /** Products whose titles have words beginning with those of `text`, the most popular first; for '' the popular ones. */
  search(text: string, limit = 20): { product_id: string }[] {
    const { catalog, popular } = this.shop
    const nameOf = (item: number) => catalog.items.nameOf(item)
    const top = new TopItems(nameOf, limit)
    top.reset(limit)
    const offer = (item: number) => {
      if ((catalog.marks[item] & marks.unlisted) === 0) top.offer(item, popular.keyOf(item))
    }
    if (text.trim() === '') popular.forEachMember('all', 0, offer)
    else for (const item of catalog.words.search(text)) offer(item)
    top.sort()
    return Array.from(top.items.subarray(0, top.count), item => ({ product_id: nameOf(item) }))
  }

  private view<Row, V>(topic: ViewTopic<any, Row>, share: number, prepare: (row: Row) => V): MaterialisedView<Row, V> {
    const { store, viewIdOf, cacheBytesMax = cacheBytesDefault } = this.options
    return new MaterialisedView({ topic, store, viewIdOf, prepare, cacheBytesMax: cacheBytesMax * share })
  }

  private scanOfOrders(): OrderScan {
    const { store, viewIdOf } = this.options
    return new OrderScan({
      store,
      viewIdOf,
      put: (orderId, bytes) => this.putOrder(orderId, bytes),
      onComplete: () => {
        this.shop.orders.isComplete = true
      }
    })
  }

  private followPeople(): void {
    this.appliers
      .set(userFeatures.name, ({ key }, changed) => {
        this.users.drop(key)
        changed.users.add(key)
        changed.sessions.add(key)
      })
      .set(sessions.name, ({ key }, changed) => {
        this.sessions.drop(key)
        changed.sessions.add(key)
        changed.users.add(key)
      })
      .set(identities.name, ({ key }, changed) => {
        this.identities.drop(key)
        changed.sessions.add(key)
        changed.users.add(key)
      })
  }

  private putItem(productId: string, bytes: Buffer | null): void {
    const { catalog, popular } = this.shop
    const known = catalog.items.find(productId)
    // Lists of the groups it leaves are stale as well.
    if (known >= 0) popular.touch(known)
    const item = bytes === null ? catalog.remove(productId) : catalog.put(itemCatalog.value.decode(bytes))
    if (item < 0) return
    popular.touch(item)
    if (known < 0 && catalog.hasStrangersLeftOut) this.describe(item, this.features.row(productId))
  }

  private putFeatures(productId: string, bytes: Buffer | null): void {
    const item = this.shop.catalog.intern(productId)
    if (item >= 0) this.describe(item, bytes === null ? null : itemFeatures.value.decode(bytes))
  }

  private describe(item: number, features: ItemFeatures | null): void {
    this.shop.popular.update(item, features)
    this.shop.reorders.update(item, features)
  }

  private putBlend(bytes: Buffer | null): void {
    if (bytes !== null) this.shop.visits.use(blend.value.decode(bytes))
  }

  private putOrder(orderId: string, bytes: Buffer | null): void {
    this.shop.orders.put(orderId, bytes === null ? null : orderedBasket(bytes))
  }

  private putBasket(bytes: Buffer | null): void {
    if (bytes !== null) this.shop.orders.use(basket.value.decode(bytes))
  }

  private putDays(productId: string, bytes: Buffer | null): void {
    const item = this.shop.catalog.intern(productId)
    if (item < 0) return
    const total = bytes === null ? noDays : similarTotal(bytes)
    this.totals.setDays(item, total.weight, total.as_of)
  }

  private putBaskets(productId: string, bytes: Buffer | null): void {
    const baskets = bytes === null ? 0 : basketsTotal(bytes)
    if (productId === allBaskets) {
      this.totals.baskets = baskets
      return
    }
    const item = this.shop.catalog.intern(productId)
    if (item >= 0) this.totals.setBaskets(item, baskets)
  }
}

const noDays = { weight: 0, as_of: 0 }
/** Key of the row that counts all baskets. */
const allBaskets = '*'
