import type { Catalog } from '../../recommend/catalog.ts'
import type { Profile } from '../../recommend/visit.ts'
import type { VisitIndex } from '../../recommend/visit-index.ts'
import { standIn, type VisitSoFar } from '../../recommend/visit-steps.ts'
import type { SessionView } from '../../schemas/views.ts'
import type { OwnEvent } from './session-overlay.ts'
import { sessionMs, type Visitor } from './visitor.ts'

const noSteps = new Set(['remove_from_cart', 'dismiss'])

/** The steps of a visit, oldest first, as the session index is asked about them; used again for the next answer. */
export class VisitActs implements VisitSoFar {
  session: string | null = null
  shown: number[] = []
  newer: number[] = []
  firstStep = 1
  private readonly catalog: Catalog
  private lastType = ''

  constructor(catalog: Catalog) {
    this.catalog = catalog
  }

  /** `given`: by callers that keep sessions themselves. */
  read({ session, own, profile }: Visitor, given: readonly string[] | undefined, now: number): void {
    this.session = null
    this.shown.length = this.newer.length = 0
    this.firstStep = 1
    this.lastType = ''
    if (given !== undefined) for (const id of given) this.push(this.newer, this.catalog.items.find(id))
    const isLive = session !== null && now - session.last <= sessionMs
    if (session !== null && isLive) this.readSession(session)
    this.readOwn(own, isLive ? session : null)
    if (this.shown.length + this.newer.length > 0) return
    this.firstStep = standIn.firstStep
    const isLast = session !== null && (profile?.seen.times[0] ?? 0) <= session.last
    if (isLast) this.readSession(session)
    else if (profile !== null) this.readHistory(profile, now - standIn.ageMaxMs)
  }

  /** On a product page the product is what the visitor has just come to. */
  lookAt(item: number): void {
    if (this.firstStep > 1) this.forget()
    const steps = this.newer.length > 0 ? this.newer : this.shown
    if (steps[steps.length - 1] !== item) this.newer.push(item)
  }

  /** Where nothing is known of the visit, what is in the cart speaks for it; newest first. */
  orCart(items: readonly number[], visits: VisitIndex): void {
    if (this.shown.length + this.newer.length > 0 && this.firstStep === 1) return
    this.forget()
    for (let i = items.length - 1; i >= 0; i--) if (visits.knows(items[i])) this.newer.push(items[i])
  }

  private forget(): void {
    this.session = null
    this.shown.length = this.newer.length = 0
    this.firstStep = 1
  }

  private readSession({ session, items }: SessionView): void {
    this.session = session
    for (const { product_id } of items) this.push(this.shown, this.catalog.items.find(product_id))
    this.lastType = items[items.length - 1]?.event_type ?? ''
  }

  /** Another type of act on the same item goes on with the step; what the view shows already is none. */
  private readOwn(own: readonly OwnEvent[], session: SessionView | null): void {
    let last = this.shown.length > 0 ? this.shown[this.shown.length - 1] : -1
    for (const { product_id, event_type, ts } of own) {
      if (noSteps.has(event_type) || session?.items.some(item => item.ts === ts && item.product_id === product_id))
        continue
      const item = this.catalog.items.find(product_id)
      const isSameStep = item === last && event_type !== this.lastType
      if (!isSameStep) this.push(this.newer, item)
      last = item
      this.lastType = event_type
    }
  }

  private readHistory({ seen, bought }: Profile, since: number): void {
    for (const { items, times } of [seen, bought]) {
      for (let i = 0; i < items.length && this.newer.length < standIn.itemsMax; i++) {
        if (times[i] >= since && !this.newer.includes(items[i])) this.push(this.newer, items[i])
      }
    }
    this.newer.reverse()
  }

  private push(steps: number[], item: number): void {
    if (item >= 0) steps.push(item)
  }
}
