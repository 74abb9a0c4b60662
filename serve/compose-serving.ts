import type { NewRecord } from '../engine/log/log.ts'
import type { Config } from '../schemas/config.ts'
import { orders, sessionSteps } from '../schemas/topics.ts'
import { type Answers, composeAnswers } from './compose-answers.ts'
import type { Embedded } from './compose-embedded.ts'
import { composeEmbeddings, type Embeddings } from './compose-embeddings.ts'
import { composeErasures } from './compose-erasures.ts'
import { composeVisits, type IndexedVisits } from './compose-visits.ts'
import { CommitFreshness, tokenOf } from './embedded/freshness.ts'
import { reportStaleness } from './embedded/staleness.ts'
import { StoreGauges } from './embedded/store-gauges.ts'
import { StreamMetrics } from './embedded/stream-metrics.ts'
import { VisibleWrites } from './embedded/visible-writes.ts'
import { LogIngest } from './log-ingest.ts'
import type { Metrics } from './metrics.ts'
import type { Changes, Erasures, Freshness, Ingest, Recommender } from './ports.ts'
import type { ViewSet } from './views/view-set.ts'
import { reportLearned } from './visits/counted-steps.ts'

export interface Serving {
  ingest: Ingest
  erasures: Erasures
  recommender: Recommender
  freshness: CommitFreshness & Freshness
  changes: Changes
  views: ViewSet
  visits: IndexedVisits
  /** To be awaited before records of a topic are written some other way than by `ingest`. */
  beforeAppend(topic: string): Promise<void>
  /** Interactions taken in since the start. */
  readonly events: number
  /** Resolves when the impressions of all answers given so far are kept. */
  flush(): Promise<void>
}

export interface ServingOptions {
  embedded: Embedded
  config: Config
  metrics: Metrics
  consentDefault: 'denied' | 'granted'
  say: (line: string) => void
}

const topologyVersion = 1

/** The answering side on top of an embedded stream: views, recommender, ingest, and how they keep up with commits. */
export function composeServing(options: ServingOptions): Serving {
  const { embedded, config, metrics } = options
  const { client } = embedded
  const answers = composeAnswers({
    store: embedded.store,
    config,
    metrics,
    consentDefault: options.consentDefault,
    append: (topic, records) => client.append(topic, records)
  })
  const { views, feed, recommender } = answers
  views.build()
  views.orderScan.start()
  const { log } = embedded
  const directory = config.data_dir
  const visits = composeVisits({ visits: views.shop.visits, steps: answers.steps, log, directory, say: options.say })
  const freshness = new CommitFreshness({ topologyVersion })
  const visible = new VisibleWrites(metrics.series('millrace_event_to_serve_seconds'))
  const streamMetrics = new StreamMetrics(metrics, new StoreGauges(metrics))
  const embeddings = composeEmbeddings({
    config,
    store: embedded.store,
    append: (...of) => client.append(...of),
    say: options.say
  })
  followCommits({ options, embeddings, answers, visits, freshness, visible, streamMetrics })
  freshness.written(client.lastCommit)
  const beforeAppend = async (topic: string) => {
    if (topic === orders.name && (await embedded.ordersAreFed())) streamMetrics.restart()
  }
  const append = appendTo(client, freshness)
  const ingest = new LogIngest({
    append,
    now: Date.now,
    onEvents: accepted => {
      visible.written(client.lastCommit, performance.now())
      answers.accepted(accepted)
    },
    beforeRows: beforeAppend
  })
  const erasures = erasuresOf({ embedded, append, visits, freshness })
  return {
    ingest,
    erasures,
    recommender,
    freshness,
    changes: feed,
    views,
    visits,
    beforeAppend,
    get events() {
      return answers.events
    },
    flush: async () => {
      await embeddings?.close()
      await answers.flush()
    }
  }
}

interface Erasing {
  embedded: Embedded
  append: (topic: string, records: NewRecord[]) => Promise<string>
  visits: IndexedVisits
  freshness: CommitFreshness
}

function erasuresOf({ embedded: { store, log }, append, visits, freshness }: Erasing): Erasures {
  return composeErasures({
    store,
    append,
    index: visits.erasing,
    log: 'embedded',
    settled: async timeoutMs => (await freshness.waitForAll(timeoutMs)) === 'reached',
    stepsEnd: () => log.endOffset(sessionSteps.name, 0)
  })
}

/** Answers with the token of the write. */
function appendTo(client: Embedded['client'], freshness: CommitFreshness) {
  return async (topic: string, records: NewRecord[]): Promise<string> => {
    const commit = await client.append(topic, records)
    freshness.written(commit)
    return tokenOf(commit)
  }
}

interface Following {
  options: ServingOptions
  answers: Answers
  embeddings: Embeddings | null
  visits: IndexedVisits
  freshness: CommitFreshness
  visible: VisibleWrites
  streamMetrics: StreamMetrics
}

/** Brings what each commit has changed into answers, and tells metrics and subscribers. */
function followCommits({ options, embeddings, answers, visits, freshness, visible, streamMetrics }: Following): void {
  const { embedded, config, metrics } = options
  const { client } = embedded
  client.onChanges = rows => {
    answers.feed.rows(answers.views.apply(rows))
    embeddings?.changed(rows)
  }
  client.onCommitted = ({ fresh, tookMs }) => {
    // A visit's steps are in the index when its view shows them.
    visits.poke()
    metrics.observe('millrace_commit_duration_seconds', tookMs / 1000, [config.namespace])
    visible.applied(fresh, performance.now())
    freshness.applied(fresh)
    answers.feed.publish()
  }
  client.onCounts = counts => {
    streamMetrics.report(counts)
    reportStaleness(freshness, metrics)
    reportLearned(answers.views.shop, metrics)
    metrics.set('millrace_data_directory_bytes', embedded.bytesOnDisk(), ['data'])
  }
}
