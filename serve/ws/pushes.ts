import type { PushCause } from '../../schemas/http.ts'
import type { Answering } from '../answering.ts'
import type { Metrics } from '../metrics.ts'
import type { Changes, Query, Touched } from '../ports.ts'
import { KeyIndex } from './key-index.ts'
import { Subscription, type Viewer } from './subscription.ts'

export interface PushOptions {
  answering: Answering
  changes: Changes
  metrics: Metrics
  /** A list is looked at again after so long without a reason of its own. */
  refreshMs: number
  /** Share of the serving thread that such refreshes may take. */
  refreshShare: number
  /** A reader with more than this unread gets nothing new. */
  behindBytes: number
  /** … and is dropped when that lasts. */
  slowReaderMs: number
}

export const defaultPushOptions = { refreshMs: 10_000, refreshShare: 0.2, behindBytes: 64 * 1024, slowReaderMs: 20_000 }

const tickMs = 25
/** Urgent work per turn of the event loop; requests are answered in between. */
const sliceMs = 4
const deadlineMs = 100

/**
 * Keeps the lists that people look at up to date. A subscriber's own events and catalog changes of listed items are
 * followed at once; everything else in turns, within a share of the thread. What a slow reader has not taken yet is
 * never queued: its list is computed when it can take one, so the last state wins and memory stays bounded.
 */
export class Pushes {
  private readonly options: PushOptions
  private readonly bySession = new KeyIndex()
  private readonly byUser = new KeyIndex()
  private readonly byItem = new KeyIndex()
  /** Longest not computed first. */
  private readonly turns = new Set<Subscription>()
  private readonly urgent = new Map<Subscription, PushCause>()
  private readonly behind = new Map<Viewer, number>()
  private everybody: { cause: PushCause; sinceMs: number } = { cause: 'event', sinceMs: 0 }
  private isPumping = false
  private ticker: NodeJS.Timeout | null = null
  private readonly unsubscribe: () => void

  constructor(options: PushOptions) {
    this.options = options
    this.unsubscribe = options.changes.subscribe(touched => this.touched(touched))
  }

  get size(): number {
    return this.turns.size
  }

  /** Sends the first list before it returns; throws what the recommender throws. */
  add(id: string, viewer: Viewer, query: Query, minIntervalMs: number): Subscription {
    const subscription = new Subscription(id, viewer, query, minIntervalMs)
    this.compute(subscription, 'initial')
    if (query.personalize && query.session_id !== undefined) this.bySession.add(query.session_id, subscription)
    if (query.personalize && query.user_id !== undefined) this.byUser.add(query.user_id, subscription)
    this.count()
    this.ticker ??= setInterval(() => this.tick(), tickMs).unref()
    return subscription
  }

  remove(subscription: Subscription): void {
    if (subscription.isOver) return
    subscription.isOver = true
    if (subscription.timer !== null) clearTimeout(subscription.timer)
    this.turns.delete(subscription)
    this.urgent.delete(subscription)
    const { session_id, user_id } = subscription.query
    if (session_id !== undefined) this.bySession.remove(session_id, subscription)
    if (user_id !== undefined) this.byUser.remove(user_id, subscription)
    for (const item of subscription.items) this.byItem.remove(item, subscription)
    this.count()
    if (this.turns.size === 0 && this.ticker !== null) {
      clearInterval(this.ticker)
      this.ticker = null
    }
  }

  /** The viewer can take more: what it missed is computed now. */
  drained(viewer: Viewer, subscriptions: Iterable<Subscription>): void {
    this.behind.delete(viewer)
    for (const subscription of subscriptions) this.release(subscription)
  }

  /** The viewer has gone. */
  forget(viewer: Viewer): void {
    this.behind.delete(viewer)
  }

  close(): void {
    this.unsubscribe()
    for (const subscription of [...this.turns]) this.remove(subscription)
  }

  private touched({ sessions, users, items, everybody }: Touched): void {
    if (this.turns.size === 0) return
    const catalog = (one: Subscription) => this.hurry(one, 'catalog')
    const event = (one: Subscription) => this.hurry(one, 'event')
    this.byItem.forEach(items, catalog)
    this.bySession.forEach(sessions, event)
    this.byUser.forEach(users, event)
    if (everybody !== null) this.everybody = { cause: everybody, sinceMs: performance.now() }
  }

  private hurry(subscription: Subscription, cause: PushCause): void {
    this.urgent.set(subscription, cause)
    if (this.isPumping) return
    this.isPumping = true
    setImmediate(() => this.pump())
  }

  private pump(): void {
    this.isPumping = false
    const endMs = performance.now() + sliceMs
    for (const [subscription, cause] of this.urgent) {
      this.urgent.delete(subscription)
      this.refresh(subscription, cause)
      if (performance.now() >= endMs) break
    }
    if (this.urgent.size === 0 || this.isPumping) return
    this.isPumping = true
    setImmediate(() => this.pump())
  }

  private tick(): void {
    const startMs = performance.now()
    this.dropSlow(startMs)
    const endMs = startMs + tickMs * this.options.refreshShare
    for (const subscription of this.turns) {
      const { computedMs } = subscription
      const isOld = computedMs + this.options.refreshMs <= startMs
      if (!isOld && computedMs >= this.everybody.sinceMs) return
      this.refresh(subscription, computedMs < this.everybody.sinceMs ? this.everybody.cause : 'event')
      if (performance.now() >= endMs) return
    }
  }

  private dropSlow(nowMs: number): void {
    for (const [viewer, sinceMs] of this.behind) {
      if (nowMs - sinceMs < this.options.slowReaderMs) continue
      this.behind.delete(viewer)
      viewer.tooSlow()
    }
  }

  /** Computes now, or notes that it has to be done once reader and interval allow it. */
  private refresh(subscription: Subscription, cause: PushCause): void {
    if (subscription.isOver) return
    const nowMs = performance.now()
    const { viewer } = subscription
    const isBehind = viewer.bufferedBytes > this.options.behindBytes
    const waitMs = subscription.sentMs + subscription.minIntervalMs - nowMs
    if (isBehind || waitMs > 0) {
      if (subscription.pending !== null) this.options.metrics.add('millrace_ws_dropped_updates_total')
      subscription.pending = cause
      this.toEndOfTurns(subscription, nowMs)
      if (!isBehind) subscription.timer ??= setTimeout(() => this.release(subscription), waitMs).unref()
      else if (!this.behind.has(viewer)) this.behind.set(viewer, nowMs)
      return
    }
    try {
      this.compute(subscription, cause)
    } catch (error) {
      this.remove(subscription)
      viewer.failed(subscription, error)
    }
  }

  private release(subscription: Subscription): void {
    if (subscription.timer !== null) clearTimeout(subscription.timer)
    subscription.timer = null
    const { pending } = subscription
    subscription.pending = null
    if (pending !== null) this.hurry(subscription, pending)
  }

  private compute(subscription: Subscription, cause: PushCause): void {
    const { answering } = this.options
    const nowMs = performance.now()
    answering.stages.begin()
    const response = answering.computed(subscription.query, nowMs + deadlineMs)
    answering.observeStages()
    this.toEndOfTurns(subscription, nowMs)
    if (!subscription.isChangedBy(response)) return
    answering.shown(subscription.query, response)
    for (const item of subscription.items) this.byItem.remove(item, subscription)
    subscription.items = response.items.map(item => item.product_id)
    for (const item of subscription.items) this.byItem.add(item, subscription)
    subscription.seq++
    subscription.sentMs = nowMs
    subscription.viewer.next(subscription, { ...response, cause })
  }

  private toEndOfTurns(subscription: Subscription, nowMs: number): void {
    subscription.computedMs = nowMs
    this.turns.delete(subscription)
    this.turns.add(subscription)
  }

  private count(): void {
    this.options.metrics.set('millrace_ws_subscriptions', this.turns.size)
  }
}
