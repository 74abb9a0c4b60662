import { MillraceError } from '../../engine/errors.ts'
import type { ErasureReceipt } from '../../schemas/erasure.ts'
import type { Answer, TableName } from '../../schemas/http.ts'
import type { Interaction } from '../../schemas/interaction.ts'
import type {
  AnswerContext,
  Changes,
  Erasures,
  Freshness,
  Ingest,
  Query,
  RankQuery,
  Recommender,
  Touched
} from '../ports.ts'

const none: ReadonlySet<string> = new Set()
const nothing: Touched = { sessions: none, users: none, items: none, everybody: null }

/**
 * The ports behind the edge as the smallest shop that is right: products in memory, the visit's last items lead to their
 * neighbours by number. What tests turn is public.
 */
export class SmallShop implements Ingest, Erasures, Recommender, Freshness, Changes {
  readonly products = new Map<string, { title: string; price: number }>()
  readonly events: Interaction[] = []
  readonly rows: { table: TableName; key: string; row: unknown }[] = []
  readonly merges: [string, string][] = []
  readonly erased: ErasureReceipt[] = []
  readonly asked: Query[] = []
  /** Milliseconds that callers were ready to wait for a token. */
  readonly waits: number[] = []
  isReady = true
  isOverloaded = false
  isBroken = false
  /** Tokens up to this number are in the views; undefined: all. */
  visible: number | undefined
  private readonly listeners = new Set<(touched: Touched) => void>()
  private writes = 0
  private answers = 0
  /** Ids of the answers that were given. */
  readonly impressions: string[] = []

  constructor(products = 30) {
    for (let i = 1; i <= products; i++) this.products.set(`p${i}`, { title: `Product ${i}`, price: i })
  }

  async appendEvents(events: Interaction[]) {
    const written = await this.write()
    this.events.push(...events)
    const sessions = new Set(events.flatMap(event => event.session_id ?? []))
    const users = new Set(events.flatMap(event => event.user_id ?? []))
    this.tell({ ...nothing, sessions, users })
    return written
  }

  async appendRows(table: TableName, changes: { key: string; row: unknown }[]) {
    const written = await this.write()
    for (const { key, row } of changes) {
      this.rows.push({ table, key, row })
      if (table !== 'products') continue
      if (row === null) this.products.delete(key)
      else this.products.set(key, row as { title: string; price: number })
    }
    if (table === 'products') this.tell({ ...nothing, items: new Set(changes.map(change => change.key)) })
    return written
  }

  async merge(userId: string, from: string) {
    this.merges.push([userId, from])
    return this.write()
  }

  async begin(): Promise<ErasureReceipt> {
    await this.write()
    const time = '2026-01-01T00:00:00.000Z'
    const erasure_id = `era_${this.erased.length + 1}`
    const receipt = { erasure_id, state: 'running' as const, requested_at: time, until: time, places: [] }
    this.erased.push(receipt)
    return receipt
  }

  async find(erasureId: string): Promise<ErasureReceipt | null> {
    return this.erased.find(({ erasure_id }) => erasure_id === erasureId) ?? null
  }

  recommend(query: Query, context: AnswerContext): Answer {
    if (this.isBroken) throw new TypeError('a defect')
    this.asked.push(query)
    if (this.asked.length > 1000) this.asked.shift()
    const seen = query.personalize ? this.seenBy(query) : []
    context.stages.end('retrieve')
    const excluded = new Set([...(query.rules?.exclude_items ?? []), ...(query.items ?? [])])
    const last = query.relation === undefined ? seen.at(-1) : query.items?.[0]
    const ordered = [...this.products.keys()].filter(id => !excluded.has(id))
    const start = last === undefined ? 0 : ordered.indexOf(last) + 1
    const chosen = [...ordered.slice(start), ...ordered.slice(0, start)].slice(0, query.limit)
    const items = chosen.map((product_id, index) => this.item(product_id, index + query.position_from, last))
    context.stages.end('rank')
    return {
      ...this.answer(query),
      items,
      fallback: last === undefined,
      partial: performance.now() > context.deadlineMs
    }
  }

  shown(_query: Query, { recommendation_id }: Pick<Answer, 'recommendation_id'>): void {
    this.impressions.push(recommendation_id)
  }

  rank(query: RankQuery): Answer {
    const known = query.candidates.filter(id => this.products.has(id)).sort()
    const unknown = query.candidates.filter(id => !this.products.has(id))
    return { ...this.answer(query), items: [...known, ...unknown].map((id, index) => this.item(id, index + 1)) }
  }

  userFeatures(userId: string) {
    const own = this.events.filter(event => event.user_id === userId)
    if (own.length === 0) return null
    const seen = own.flatMap(event => (event.product_id === null ? [] : { product_id: event.product_id, ts: event.ts }))
    return {
      as_of: own[0].ts,
      consent: null,
      country: null,
      categories: [],
      brands: [],
      price_bands: [],
      recency: own[0].ts,
      frequency: own.length,
      orders: 0,
      known_from: null,
      others: [],
      monetary: 0,
      seen,
      bought: [],
      dismissed: []
    }
  }

  productFeatures() {
    return null
  }

  async waitFor(token: string, timeoutMs: number) {
    this.waits.push(timeoutMs)
    const write = /^w(\d+)$/.exec(token)
    if (write === null) return 'unknown' as const
    if (this.visible === undefined || Number(write[1]) <= this.visible) return 'reached' as const
    await new Promise(resolve => setTimeout(resolve, timeoutMs))
    return 'timeout' as const
  }

  state() {
    return { topology_version: 1, as_of: '2025-08-15T08:30:00.000Z', staleness_ms: 3 }
  }

  ready() {
    return { ready: this.isReady, detail: this.isReady ? 'Ready.' : 'The views are being read.' }
  }

  subscribe(listener: (touched: Touched) => void) {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  tell(touched: Partial<Touched>): void {
    for (const listener of this.listeners) listener({ ...nothing, ...touched })
  }

  private async write(): Promise<{ token: string }> {
    if (this.isOverloaded) throw new MillraceError('overloaded', 'retry', 'The stream side is behind; send it again.')
    this.writes++
    return { token: `w${this.writes}` }
  }

  private seenBy({ user_id, session_id, session }: Query): string[] {
    const own = this.events.filter(
      event =>
        (session_id !== undefined && event.session_id === session_id) ||
        (user_id !== undefined && event.user_id === user_id)
    )
    return [...own.flatMap(event => event.product_id ?? []), ...(session ?? [])]
  }

  private answer({ surface }: { surface: Query['surface'] }): Answer {
    this.answers++
    return {
      recommendation_id: `rec_${this.answers}`,
      surface,
      items: [],
      fallback: false,
      experiment: null,
      retrieval: { name: 'blend', version: 1 },
      model: null,
      partial: false
    }
  }

  private item(product_id: string, position: number, seed?: string) {
    const known = this.products.get(product_id)
    return {
      product_id,
      score: 1 / position,
      position,
      ...(known === undefined ? {} : { title: known.title, price: known.price }),
      reasons: [
        seed === undefined ? { code: 'popular' as const } : { code: 'similar_to_viewed' as const, product_id: seed }
      ]
    }
  }
}
