import { isIndexed } from '../../recommend/blend-weights.ts'
import type { Customer } from '../../recommend/order-index.ts'
import { Retrieval } from '../../recommend/retrieval.ts'
import type { Ask } from '../../recommend/visit.ts'
import type { Answer, RecommendedItem } from '../../schemas/http.ts'
import type { ItemFeatures, UserFeatures } from '../../schemas/views.ts'
import type { AnswerContext, Query, RankQuery, Recommender, ShownAnswer } from '../ports.ts'
import type { ViewSet } from '../views/view-set.ts'
import type { FollowedAnswers } from '../visits/followed-answers.ts'
import { beginRules } from './begin-rules.ts'
import type { ImpressionLog } from './impression-log.ts'
import { newRecommendationIds } from './recommendation-ids.ts'
import type { SessionOverlay } from './session-overlay.ts'
import { Visit } from './visit.ts'
import { VisitActs } from './visit-acts.ts'
import { readVisitor, type Visitor } from './visitor.ts'

export interface RecommenderOptions {
  views: ViewSet
  overlay: SessionOverlay
  impressions: ImpressionLog
  /** Lists that the next step of their visit is compared with. */
  followed?: FollowedAnswers
  /** `consent.default`: may those be profiled of whom it is not known? */
  consentDefault: boolean
  /** Default: random at the start of the process, then counted. */
  nextId?: () => string
}

export function createRecommender(options: RecommenderOptions): Recommender {
  return new ViewRecommender(options)
}

class ViewRecommender implements Recommender {
  private readonly options: RecommenderOptions
  private readonly views: ViewSet
  private readonly retrieval: Retrieval
  private readonly nextId: () => string
  private readonly visit = new Visit()
  private readonly acts: VisitActs
  private readonly ask: Ask

  constructor(options: RecommenderOptions) {
    this.options = options
    this.views = options.views
    this.retrieval = new Retrieval(options.views.shop)
    this.acts = new VisitActs(options.views.shop.catalog)
    this.nextId = options.nextId ?? newRecommendationIds()
    const { recent, recentBought } = this.visit
    this.ask = {
      blend: 'home',
      now: 0,
      limit: 0,
      asked: [],
      recent,
      recentBought,
      visit: null,
      profile: null,
      customer: null,
      maxPerCategory: null,
      isLate: false
    }
  }

  recommend(query: Query, context: AnswerContext): Answer {
    const { ask, retrieval: steps } = this
    const { stages, now } = context
    const visitor = readVisitor(this.options, query, now)
    this.prepare(query, visitor, now)
    const { catalog, reorders } = this.views.shop
    beginRules(catalog, steps.rules, { query, visitor, asked: ask.asked, now, reorders })
    stages.end('rules')
    ask.isLate = performance.now() >= context.deadlineMs
    steps.gather(ask)
    stages.end('retrieve')
    steps.rank(ask)
    stages.end('rank')
    ask.isLate ||= performance.now() >= context.deadlineMs
    steps.select(ask)
    stages.end('diversify')
    const answer = this.answer(query, ask.isLate)
    stages.end('explain')
    return answer
  }

  shown(query: Query, answer: ShownAnswer, now: number): void {
    this.record(query, answer, now)
    this.follow(query, answer, now)
  }

  rank(query: RankQuery, context: AnswerContext): Answer {
    const { ask, retrieval: steps } = this
    const { catalog, popular, reorders } = this.views.shop
    const { now, stages } = context
    const visitor = readVisitor(this.options, query, now)
    const full: Query = { ...query, limit: query.candidates.length, position_from: 1 }
    this.prepare(full, visitor, now)
    beginRules(catalog, steps.rules, { query: full, visitor, asked: ask.asked, now, reorders })
    ask.isLate = performance.now() >= context.deadlineMs
    const ids = [...new Set(query.candidates)]
    const items = ids.map(id => catalog.items.find(id))
    steps.gatherFor(items, ask)
    stages.end('retrieve')
    steps.rank(ask)
    const order = items.map((item, index) => ({
      item,
      index,
      total: item < 0 ? -1 : Math.abs(steps.totalOf(item)),
      popularity: item < 0 ? -Infinity : popular.keyOf(item)
    }))
    order.sort((a, b) => b.total - a.total || compare(b.popularity, a.popularity) || a.index - b.index)
    stages.end('rank')
    const answer = this.emptyAnswer(query.surface, ask.isLate)
    for (const { item, index, total } of order) {
      const listed = this.listed(item < 0 ? null : item, answer.items.length, query.explain === true)
      listed.product_id = ids[index]
      listed.score = rounded(Math.max(0, total))
      answer.items.push(listed)
      if (item >= 0 && steps.isOwn(item)) answer.fallback = false
    }
    this.record(full, answer, now)
    stages.end('explain')
    return answer
  }

  userFeatures(userId: string): UserFeatures | null {
    return this.views.users.row(this.views.identities.get(userId)?.user_id ?? userId)
  }

  productFeatures(productId: string): ItemFeatures | null {
    return this.views.featuresOf(productId)
  }

  private prepare(query: Query, visitor: Visitor, now: number): void {
    const { ask, visit } = this
    const { items: numbers } = this.views.shop.catalog
    const given = query.personalize ? query.session : undefined
    visit.read(this.views.shop.catalog, visitor, given)
    ask.blend = query.relation ?? query.surface
    ask.now = now
    ask.limit = query.limit
    ask.maxPerCategory = query.rules?.max_per_category ?? null
    ask.profile = visitor.profile
    ask.customer = query.surface === 'email' ? customerOf(visitor) : null
    ask.asked.length = 0
    const isCart = query.surface === 'cart'
    const ids = query.items ?? (isCart ? visit.cart : [])
    // A cart's newest is what it is about; a product page's first.
    for (let i = 0; i < ids.length; i++) {
      const item = numbers.find(ids[isCart ? ids.length - 1 - i : i])
      if (item >= 0) ask.asked.push(item)
    }
    ask.visit = isIndexed(ask.blend) ? this.visitTo(ask, visitor, given) : null
  }

  /** Null where the index has nothing to say: nobody has come from the product to anything yet. */
  private visitTo(
    { blend, asked, now }: Ask,
    visitor: Visitor,
    given: readonly string[] | undefined
  ): VisitActs | null {
    const { acts } = this
    const { visits } = this.views.shop
    acts.read(visitor, given, now)
    if (blend === 'cart') acts.orCart(asked, visits)
    else if (blend === 'product') {
      if (asked.length === 0 || !visits.knows(asked[0])) return null
      acts.lookAt(asked[0])
    }
    return acts
  }

  private answer(query: Query, partial: boolean): Answer {
    const { selection } = this.retrieval
    const answer = this.emptyAnswer(query.surface, partial)
    for (let place = 0; place < selection.count; place++) {
      const item = selection.items[place]
      const listed = this.listed(item, place, query.explain === true)
      listed.score = rounded(selection.scores[place])
      listed.position = query.position_from + place
      answer.items.push(listed)
      if (answer.fallback && this.retrieval.isOwn(item)) answer.fallback = false
    }
    return answer
  }

  private emptyAnswer(surface: Answer['surface'], partial: boolean): Answer {
    return {
      recommendation_id: this.nextId(),
      surface,
      items: [],
      fallback: true,
      experiment: null,
      retrieval: this.retrieval.method,
      model: null,
      partial
    }
  }

  /** `null`: an item nobody has heard of. */
  private listed(item: number | null, place: number, explain: boolean): RecommendedItem {
    const { items, titles, prices } = this.views.shop.catalog
    const listed: RecommendedItem = {
      product_id: item === null ? '' : items.nameOf(item),
      score: 0,
      position: place + 1,
      title: item === null ? undefined : titles[item],
      price: item === null || Number.isNaN(prices[item]) ? undefined : prices[item],
      reasons: item === null ? [{ code: 'fills_list' }] : this.retrieval.reasonsOf(item, place)
    }
    if (explain && item !== null) listed.explain = this.retrieval.partsOf(item)
    return listed
  }

  private follow({ personalize, session_id, user_id }: Query, { surface, items }: ShownAnswer, at: number): void {
    const visit = session_id ?? user_id
    if (!personalize || visit === undefined || surface === 'email') return
    this.options.followed?.answered(visit, { surface, at, productIds: items.map(item => item.product_id) })
  }

  /** Without `personalize` nobody is named. */
  private record(query: Query, answer: ShownAnswer, now: number): void {
    const { personalize } = query
    this.options.impressions.add({
      recommendation_id: answer.recommendation_id,
      surface: answer.surface,
      user_id: (personalize && query.user_id) || null,
      session_id: (personalize && query.session_id) || null,
      ts: now,
      product_ids: answer.items.map(item => item.product_id),
      position_from: query.position_from,
      fallback: answer.fallback,
      retrieval: answer.retrieval.name,
      retrieval_version: answer.retrieval.version,
      model: null,
      model_version: null,
      experiment: null,
      variant: null
    })
  }
}

function customerOf({ person, profile }: Visitor): Customer | null {
  return person === null || profile === null || profile.orders <= 0
    ? null
    : { ids: [{ id: person, since: profile.knownFrom }, ...profile.others] }
}

function rounded(score: number): number {
  return Math.round(score * 1e6) / 1e6
}

/** −Infinity equals itself here. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a - b
}
