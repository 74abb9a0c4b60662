import { type Catalog, marks } from '../../recommend/catalog.ts'
import type { ReorderRates } from '../../recommend/reorder-rates.ts'
import type { Rules } from '../../recommend/rules.ts'
import { dismissedMs, surfaceRules } from '../../recommend/surface-rules.ts'
import type { Profile } from '../../recommend/visit.ts'
import type { Query } from '../ports.ts'
import type { Visitor } from './visitor.ts'

const dayMs = 86_400_000
const nowhere: readonly number[] = []

export interface RuleInput {
  reorders: ReorderRates
  query: Query
  visitor: Visitor
  /** What the answer is about: a product, or a cart. */
  asked: readonly number[]
  now: number
}

/** The rules of a request, of its surface and of the person, for one answer. */
export function beginRules(catalog: Catalog, rules: Rules, input: RuleInput): void {
  const { query, visitor, asked, now, reorders } = input
  const defaults = surfaceRules[query.surface]
  const given = query.rules ?? {}
  rules.begin({
    now,
    region: query.region ?? visitor.profile?.country ?? null,
    inStock: given.in_stock ?? defaults.in_stock,
    priceMin: given.price_min ?? null,
    priceMax: given.price_max ?? null,
    categories: given.categories ?? null,
    sensitiveWithin: sensitiveNodes(catalog, query, asked)
  })
  if (given.exclude_items !== undefined) {
    for (const id of given.exclude_items) rules.exclude(catalog.items.find(id), 'excluded')
  }
  excludeDismissed(catalog, rules, visitor, now)
  const days = given.exclude_purchased_days ?? defaults.exclude_purchased_days
  const isStrict = given.exclude_purchased_days !== undefined || !defaults.keeps_reordered
  if (days > 0)
    excludeBought(catalog, rules, visitor, {
      since: now - days * dayMs,
      reorders: isStrict ? null : reorders,
      ownHabitsCount: query.surface === 'email'
    })
  if (query.surface === 'product') rules.excludeVariantsOf(asked.length > 0 ? asked[0] : -1)
  else if (query.surface === 'cart') for (const item of asked) rules.excludeVariantsOf(item)
}

/** Sensitive items are shown where their category was asked for by name, or next to one of them; never by e-mail. */
function sensitiveNodes(catalog: Catalog, query: Query, asked: readonly number[]): readonly number[] {
  if (query.surface === 'email') return nowhere
  const { categories, byCategory } = catalog
  if (query.surface === 'product' && asked.length > 0 && catalog.marks[asked[0]] & marks.sensitive) {
    return [byCategory.groupOf[asked[0]]]
  }
  const paths = query.rules?.categories
  if (paths === undefined) return nowhere
  return paths.map(path => categories.find(path)).filter(node => node >= 0 && catalog.isSensitiveCategory(node))
}

function excludeDismissed(catalog: Catalog, rules: Rules, { profile, session, own }: Visitor, now: number): void {
  if (profile !== null) {
    const { items, times } = profile.dismissed
    for (let i = 0; i < items.length; i++) if (times[i] > now - dismissedMs) rules.exclude(items[i], 'dismissed')
  }
  if (session !== null) for (const id of session.dismissed) rules.exclude(catalog.items.find(id), 'dismissed')
  for (const event of own) {
    if (event.event_type === 'dismiss') rules.exclude(catalog.items.find(event.product_id), 'dismissed')
  }
}

interface BoughtRule {
  since: number
  /** null: also what is bought again and again. */
  reorders: ReorderRates | null
  /** What this person buys again is kept also where few others do. */
  ownHabitsCount: boolean
}

function excludeBought(
  catalog: Catalog,
  rules: Rules,
  { profile, session, own }: Visitor,
  { since, reorders, ownHabitsCount }: BoughtRule
): void {
  const hasReordered = (item: number) => profile !== null && timesBought(profile, item) > 1
  const isReordered = (item: number) => {
    if (reorders === null) return false
    const isHigh = reorders.isHigh(item)
    return isHigh === true || ((isHigh === null || ownHabitsCount) && hasReordered(item))
  }
  const exclude = (item: number) => {
    if (!isReordered(item)) rules.exclude(item, 'already_bought')
  }
  if (profile !== null) {
    const { items, times } = profile.bought
    for (let i = 0; i < items.length && times[i] >= since; i++) exclude(items[i])
  }
  for (const acts of [session?.items ?? [], own]) {
    for (const { event_type, product_id, ts } of acts) {
      if (event_type === 'purchase' && ts >= since) exclude(catalog.items.find(product_id))
    }
  }
}

function timesBought({ bought }: Profile, item: number): number {
  const place = bought.items.indexOf(item)
  return place < 0 ? 0 : bought.counts[place]
}
