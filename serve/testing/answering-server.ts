import { createHash } from 'node:crypto'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../../engine/log/log.ts'
import { readNameIds } from '../../engine/stores/name-ids.ts'
import type { StateStore } from '../../engine/stores/state-store.ts'
import type { ViewChange } from '../../engine/task/views.ts'
import type { BlendWeights } from '../../schemas/views.ts'
import { viewIds } from '../embedded/view-ids.ts'
import type { AnswerContext, Query, Recommender } from '../ports.ts'
import { ImpressionLog } from '../recommender/impression-log.ts'
import { createRecommender } from '../recommender/recommender.ts'
import { SessionOverlay } from '../recommender/session-overlay.ts'
import { GraphFiles } from '../vectors/graph-files.ts'
import type { HnswSearch } from '../vectors/hnsw-search.ts'
import { ViewSet } from '../views/view-set.ts'
import { StepTail } from '../visits/step-tail.ts'
import { VisitSnapshots } from '../visits/visit-snapshots.ts'

export interface AnsweringServerOptions {
  store: StateStore
  log: Log
  /** Of the session index, read if it is there. */
  snapshot?: string
  /** Search by vector goes over a graph, kept in this directory. */
  graphs?: string
}

/** What answers in one process, over what streams have written; vectors are searched exactly unless graphs are kept. */
export class AnsweringServer {
  readonly views: ViewSet
  readonly #recommender: Recommender
  readonly #snapshots: VisitSnapshots | null
  readonly #tail: StepTail
  #isCaughtUp = false

  constructor({ store, log, snapshot, graphs }: AnsweringServerOptions) {
    this.views = new ViewSet({
      store,
      viewIdOf: viewIds(store, reader => readNameIds(reader, 'view')),
      ...(graphs === undefined ? {} : { graphs: { files: new GraphFiles(graphs), graphMin: 1_000 } })
    })
    this.views.build()
    this.views.orderScan.start()
    const { visits } = this.views.shop
    const from = { visits, source: 'embedded', endOffset: Number.POSITIVE_INFINITY, say: () => undefined }
    this.#snapshots = snapshot === undefined ? null : new VisitSnapshots({ ...from, file: snapshot })
    this.#snapshots?.load()
    this.#tail = new StepTail({ log, steps: visits, onCaughtUp: () => (this.#isCaughtUp = true) })
    this.#snapshots?.start(this.#tail)
    const impressions = new ImpressionLog({ send: () => true })
    this.#recommender = createRecommender({
      views: this.views,
      overlay: new SessionOverlay(),
      impressions,
      consentDefault: true
    })
  }

  /** Reads `session-steps` to its end. */
  async catchUp(): Promise<void> {
    this.#isCaughtUp = false
    for (this.#tail.poke(); !this.#isCaughtUp; ) await nextTurn()
  }

  /** Resolves when a graph answers. */
  async untilGraph(): Promise<void> {
    const search = this.views.shop.vectors as HnswSearch
    while (!search.usesGraph) await sleep(20)
  }

  /** What a commit changed; steps are read as far as one turn allows. */
  committed(changes: readonly ViewChange[]): void {
    this.views.apply(changes)
    this.#tail.poke()
  }

  /** Writes a snapshot as of now. */
  async save(): Promise<void> {
    await this.#snapshots?.save()
  }

  /** Ends as by a kill. */
  stop(): void {
    this.#tail.close()
  }

  /** Answers with these weights, whatever is learned. */
  freeze(weights: BlendWeights): void {
    this.views.shop.visits.use(weights)
  }

  /** Per query the ids and scores of its list. */
  lists(queries: readonly Query[], now: number): string[][] {
    const context: AnswerContext = { now, deadlineMs: Number.POSITIVE_INFINITY, stages: { end: () => undefined } }
    return queries.map(query => {
      const { items } = this.#recommender.recommend(query, context)
      return items.map(({ product_id, score }) => `${product_id} ${score}`)
    })
  }

  digest(queries: readonly Query[], now: number): string {
    return createHash('sha256')
      .update(JSON.stringify(this.lists(queries, now)))
      .digest('hex')
  }
}

const idOf = (row: string) => row.slice(0, row.indexOf(' '))

/** Mean share of each list's ids that the other's has, too. */
export function meanOverlap(lists: readonly string[][], others: readonly string[][]): number {
  const shares = lists.map((list, i) => {
    const ids = new Set(list.map(idOf))
    const longest = Math.max(list.length, others[i].length)
    return longest === 0 ? 1 : others[i].filter(row => ids.has(idOf(row))).length / longest
  })
  return shares.reduce((sum, share) => sum + share, 0) / shares.length
}
