import { readNameIds } from '../engine/stores/name-ids.ts'
import type { StoreReader } from '../engine/stores/state-store.ts'
import type { Impression } from '../schemas/act.ts'
import type { Config } from '../schemas/config.ts'
import { impressions, orders } from '../schemas/topics.ts'
import type { Embedded } from './compose-embedded.ts'
import { ChangeFeed } from './embedded/change-feed.ts'
import { EmbeddedIngest } from './embedded/embedded-ingest.ts'
import { CommitFreshness } from './embedded/freshness.ts'
import { StreamMetrics } from './embedded/stream-metrics.ts'
import { viewIds } from './embedded/view-ids.ts'
import { VisibleWrites } from './embedded/visible-writes.ts'
import type { Metrics } from './metrics.ts'
import type { Changes, Freshness, Ingest, Recommender } from './ports.ts'
import { ImpressionLog } from './recommender/impression-log.ts'
import { createRecommender } from './recommender/recommender.ts'
import { SessionOverlay } from './recommender/session-overlay.ts'
import { ViewSet } from './views/view-set.ts'

export interface Serving {
  ingest: Ingest
  recommender: Recommender
  freshness: CommitFreshness & Freshness
  changes: Changes
  views: ViewSet
  /** To be awaited before records of a topic are written some other way than by `ingest`. */
  beforeAppend(topic: string): Promise<void>
  /** Interactions taken in since the start. */
  readonly events: number
}

export interface ServingOptions {
  embedded: Embedded
  config: Config
  metrics: Metrics
  consentDefault: 'denied' | 'granted'
}

const topologyVersion = 1

/** The answering side on top of an embedded stream: views, recommender, ingest, and how they keep up with commits. */
export function composeServing(options: ServingOptions): Serving {
  const { embedded, config, metrics } = options
  const { client } = embedded
  const views = openViews(embedded.store, config)
  const overlay = new SessionOverlay()
  const feed = new ChangeFeed()
  const freshness = new CommitFreshness({ topologyVersion })
  const visible = new VisibleWrites(metrics.series('millrace_event_to_serve_seconds'))
  const impressionLog = new ImpressionLog({ send: records => sendImpressions(embedded, records) })
  let events = 0
  client.onChanges = rows => feed.rows(views.apply(rows))
  const streamMetrics = new StreamMetrics(metrics)
  client.onCommitted = ({ fresh, tookMs }) => {
    metrics.observe('millrace_commit_duration_seconds', tookMs / 1000, [config.namespace])
    visible.applied(fresh, performance.now())
    freshness.applied(fresh)
    feed.publish()
  }
  client.onCounts = counts => {
    streamMetrics.report(counts)
    metrics.set('millrace_state_staleness_seconds', freshness.state().staleness_ms / 1000, ['all'])
    metrics.set('millrace_store_bytes', embedded.bytesOnDisk(), ['all'])
  }
  freshness.written(client.lastCommit)
  const beforeAppend = async (topic: string) => {
    if (topic === orders.name && (await embedded.ordersAreFed())) streamMetrics.restart()
  }
  const ingest = new EmbeddedIngest({
    client,
    freshness,
    now: Date.now,
    onEvents: accepted => {
      events += accepted.length
      visible.written(client.lastCommit, performance.now())
      overlay.add(accepted, Date.now())
      feed.own(accepted)
    },
    beforeRows: beforeAppend
  })
  const consentDefault = options.consentDefault === 'granted'
  const recommender = createRecommender({ views, overlay, impressions: impressionLog, consentDefault })
  return {
    ingest,
    recommender,
    freshness,
    changes: feed,
    views,
    beforeAppend,
    get events() {
      return events
    }
  }
}

function openViews(store: StoreReader, config: Config): ViewSet {
  const views = new ViewSet({
    store,
    viewIdOf: viewIds(store, reader => readNameIds(reader, 'view')),
    restrictions: { blockedItems: [], blockedCategories: [], sensitiveCategories: config.sensitive_categories }
  })
  views.build()
  return views
}

function sendImpressions({ client }: Embedded, records: Impression[]): boolean {
  const encoded = records.map(record => ({
    key: record.user_id ?? record.session_id ?? record.recommendation_id,
    value: impressions.value.encode(record),
    timestamp: record.ts
  }))
  // An answer was given whether or not its record could be kept; a refusal is counted by the log that holds them.
  client.append(impressions.name, encoded).catch(() => undefined)
  return true
}
