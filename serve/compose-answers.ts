import { join } from 'node:path'
import type { NewRecord } from '../engine/log/log.ts'
import { readNameIds } from '../engine/stores/name-ids.ts'
import type { StoreReader } from '../engine/stores/state-store.ts'
import { profiles } from '../recommend/session-index/parameters.ts'
import type { Config } from '../schemas/config.ts'
import type { Interaction } from '../schemas/interaction.ts'
import { ChangeFeed } from './embedded/change-feed.ts'
import { viewIds } from './embedded/view-ids.ts'
import { ImpressionBatches } from './impression-batches.ts'
import type { Metrics } from './metrics.ts'
import type { Recommender } from './ports.ts'
import { ImpressionLog } from './recommender/impression-log.ts'
import { createRecommender } from './recommender/recommender.ts'
import { SessionOverlay } from './recommender/session-overlay.ts'
import { GraphFiles } from './vectors/graph-files.ts'
import { ViewSet } from './views/view-set.ts'
import { CountedSteps } from './visits/counted-steps.ts'
import { FollowedAnswers } from './visits/followed-answers.ts'

export interface Answers {
  views: ViewSet
  feed: ChangeFeed
  recommender: Recommender
  /** Takes what `session-steps` has, in order. */
  steps: CountedSteps
  /** Of everything that was accepted since the start. */
  readonly events: number
  /** Events that are durable count in their session's next answer. */
  accepted(events: readonly Interaction[]): void
  /** Resolves when the impressions of all answers given so far are kept: before the end of the process. */
  flush(): Promise<void>
}

export interface AnswersOptions {
  /** Where the rows of the views are kept. */
  store: StoreReader
  config: Config
  metrics: Pick<Metrics, 'add'>
  consentDefault: 'denied' | 'granted'
  /** It is the demo shop, as far as is known by now: whoever did not say is taken to consent. */
  isDemo?: () => boolean
  /** Of `impressions`: an answer was given whether or not its record can be kept. */
  append: (topic: string, records: NewRecord[]) => Promise<unknown>
}

/** What answers in either way of running: views over a store, the visitors' newest acts, the recommender. */
export function composeAnswers({ store, config, metrics, append, ...options }: AnswersOptions): Answers {
  const views = new ViewSet({
    store,
    viewIdOf: viewIds(store, reader => readNameIds(reader, 'view')),
    retrieval: profiles[config.retrieval.profile],
    graphs: {
      files: new GraphFiles(join(config.data_dir, 'vectors')),
      onBuilt: ({ error }) =>
        metrics.add('millrace_vector_graph_builds_total', [error === undefined ? 'built' : 'failed'])
    },
    restrictions: { blockedItems: [], blockedCategories: [], sensitiveCategories: config.sensitive_categories }
  })
  const overlay = new SessionOverlay()
  const feed = new ChangeFeed()
  const onDropped = (count: number) => metrics.add('millrace_impressions_dropped_total', [], count)
  const batches = new ImpressionBatches({ append, onLost: onDropped })
  const impressionLog = new ImpressionLog({ send: records => batches.add(records), onDropped })
  const followed = new FollowedAnswers((surface, outcome) =>
    metrics.add('millrace_next_item_predictions_total', [surface, outcome])
  )
  let events = 0
  return {
    views,
    feed,
    recommender: createRecommender({
      views,
      overlay,
      impressions: impressionLog,
      followed,
      get consentDefault() {
        return options.consentDefault === 'granted' || options.isDemo?.() === true
      }
    }),
    steps: new CountedSteps({
      visits: views.shop.visits,
      followed,
      forget: (userId, sessionId) => overlay.forget(userId, sessionId)
    }),
    get events() {
      return events
    },
    accepted(accepted) {
      events += accepted.length
      overlay.add(accepted, Date.now())
      feed.own(accepted)
    },
    async flush() {
      impressionLog.flush()
      await batches.flush()
    }
  }
}
