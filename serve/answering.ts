import type {
  AfterOutcome,
  Answer,
  RankRequest,
  RecommendationRequest,
  RecommendationResponse
} from '../schemas/http.ts'
import { limits } from '../schemas/http.ts'
import type { Series } from './distribution.ts'
import type { Metrics } from './metrics.ts'
import { type AnswerContext, type Freshness, type Query, type Recommender, stageNames } from './ports.ts'
import { StageTimes } from './stage-times.ts'

/** Asks the recommender in the way of every edge: one context, used again; stages timed; answers counted. */
export class Answering {
  readonly stages = new StageTimes()
  private readonly context: { -readonly [K in keyof AnswerContext]: AnswerContext[K] }
  private readonly recommender: Recommender
  private readonly freshness: Freshness
  private readonly metrics: Metrics
  private readonly stageSeries: Series[]

  constructor(options: { recommender: Recommender; freshness: Freshness; metrics: Metrics }) {
    this.recommender = options.recommender
    this.freshness = options.freshness
    this.metrics = options.metrics
    this.context = { now: 0, deadlineMs: 0, stages: this.stages }
    this.stageSeries = stageNames.map(name => options.metrics.series('millrace_stage_duration_seconds', [name]))
  }

  /** An answer that is given whatever it is. The caller has begun the stages. */
  recommend(query: Query, deadlineMs: number, after?: AfterOutcome): RecommendationResponse {
    const response = this.computed(query, deadlineMs, after)
    this.shown(query, response)
    return response
  }

  /** An answer that may be given: then, and only then, `shown` is to be called. */
  computed(query: Query, deadlineMs: number, after?: AfterOutcome): RecommendationResponse {
    return this.completed(this.recommender.recommend(query, this.prepared(deadlineMs)), after)
  }

  shown(query: Query, response: RecommendationResponse): void {
    this.count(response)
    this.recommender.shown(query, response, this.context.now)
  }

  rank(request: RankRequest, deadlineMs: number, after?: AfterOutcome): RecommendationResponse {
    const query = { ...request, personalize: request.personalize ?? true }
    const response = this.completed(this.recommender.rank(query, this.prepared(deadlineMs)), after)
    this.count(response)
    return response
  }

  /** Puts the stages of the answer under way into the metrics. */
  observeStages(): void {
    for (let i = 0; i < stageNames.length; i++) {
      const ms = this.stages.msOf(i)
      if (ms > 0) this.stageSeries[i].observe(ms / 1000)
    }
  }

  private prepared(deadlineMs: number): AnswerContext {
    this.context.now = Date.now()
    this.context.deadlineMs = deadlineMs
    return this.context
  }

  private count({ surface, retrieval, fallback }: RecommendationResponse): void {
    this.metrics.add('millrace_recommendations_total', [surface, retrieval.name, fallback ? 'true' : 'false'])
  }

  private completed(answer: Answer, after: AfterOutcome | undefined): RecommendationResponse {
    const { surface, retrieval, fallback } = answer
    const { topology_version, as_of, staleness_ms } = this.freshness.state()
    return {
      recommendation_id: answer.recommendation_id,
      surface,
      items: answer.items,
      fallback,
      experiment: answer.experiment,
      retrieval,
      model: answer.model,
      partial: answer.partial,
      state:
        after === undefined
          ? { topology_version, as_of, staleness_ms }
          : { topology_version, as_of, staleness_ms, after }
    }
  }
}

/** A request as the recommender takes it. Validation has filled in most defaults already. */
export function completeQuery(request: RecommendationRequest): Query {
  request.limit ??= limits.defaultItemsPerAnswer
  request.personalize ??= true
  request.position_from ??= 1
  return request as Query
}
