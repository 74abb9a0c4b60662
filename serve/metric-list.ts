/** Every metric of serving and streaming (INTERFACES 7); docs/reference/metrics.md is generated from here. Labels never hold an id of a user or product. */
export interface MetricDefinition {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly labels: readonly string[]
  readonly help: string
  /** Upper bounds, of histograms. */
  readonly buckets?: readonly number[]
}

const fast = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const slow = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const stages = [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5]

export const metricList = [
  histogram(
    'millrace_http_request_duration_seconds',
    ['route', 'method', 'status'],
    'From the head of a request to its reply.',
    fast
  ),
  counter(
    'millrace_recommendations_total',
    ['surface', 'source', 'fallback'],
    'Answers given, by what retrieved them.'
  ),
  counter(
    'millrace_impressions_dropped_total',
    [],
    'Answers given that left no impression, since the log did not take it in time: clicks on them are not attributed.'
  ),
  counter(
    'millrace_vector_graph_builds_total',
    ['outcome'],
    'Graphs of item vectors made in the background: built, or failed; then search by vector is exact.'
  ),
  histogram('millrace_stage_duration_seconds', ['stage'], 'Stages of an answer.', stages),
  histogram('millrace_event_to_serve_seconds', [], 'From an event’s acceptance until answers show it.', slow),
  gauge(
    'millrace_state_staleness_seconds',
    ['view'],
    'How far a view is behind its input; all views of a process are moved on together.'
  ),
  counter('millrace_records_processed_total', ['topology', 'step'], 'Records a step has processed.'),
  gauge(
    'millrace_consumer_lag_records',
    ['topology', 'topic', 'partition'],
    'Records that wait for a topology, or for another of its task.'
  ),
  histogram('millrace_commit_duration_seconds', ['group'], 'Making a unit of work durable.', slow),
  counter(
    'millrace_gc_pauses_total',
    [],
    'Garbage collections above 20 ms, of the threads that serve and that run streams.'
  ),
  gauge('millrace_restore_progress_ratio', ['store'], 'Of a store being restored; 1 = done.'),
  gauge('millrace_stopped_tasks', ['thread'], 'Tasks that are left out until a human has acted; /readyz says why.'),
  gauge(
    'millrace_data_directory_bytes',
    ['directory'],
    'Size on disk of the data directory of a thread, log included.'
  ),
  gauge('millrace_store_bytes', ['store'], 'Keys and values of a store or view before compression, as last counted.'),
  gauge(
    'millrace_store_keys',
    ['store'],
    'Rows of a store or view, as last counted: a round takes seconds to minutes.'
  ),
  counter('millrace_dlq_records_total', ['topology', 'code'], 'Dead letters.'),
  counter('millrace_late_records_total', [], 'Records that came after the grace of their window.'),
  counter('millrace_duplicates_total', [], 'Events seen before.'),
  counter('millrace_events_total', ['outcome'], 'Events sent to us: accepted, rejected.'),
  gauge('millrace_ws_connections', [], 'Open WebSockets and event streams.'),
  gauge('millrace_ws_subscriptions', [], 'Lists being watched.'),
  counter('millrace_ws_dropped_updates_total', [], 'Updates that a newer one replaced before they were sent.'),
  counter(
    'millrace_next_item_predictions_total',
    ['surface', 'outcome'],
    'Steps of visits that had been answered: hit, the item was in the newest list; miss, it was not.'
  ),
  gauge(
    'millrace_blend_version',
    [],
    'Offset of session-steps up to which the weights in use have learned; 0 = fixed.'
  ),
  gauge('millrace_blend_withheld', [], 'Checks in a row that newer weights have failed; 0 = the newest are in use.'),
  gauge(
    'millrace_blend_lead',
    [],
    'Mean reciprocal rank of the learned blend over the last 10,000 predictions, less that of the fixed one.'
  ),
  gauge(
    'millrace_basket_version',
    [],
    'Offset of basket-steps up to which the weights in use have learned; 0 = fixed.'
  ),
  gauge('millrace_basket_withheld', [], 'Checks in a row that newer weights have failed; 0 = the newest are in use.'),
  gauge(
    'millrace_basket_lead',
    [],
    'Mean of 1/place of the first item ordered over about the last 1,000 predictions, less that of the fixed weights.'
  ),
  gauge('millrace_build_info', ['version', 'node'], 'Always 1.')
] as const satisfies readonly MetricDefinition[]

type Listed = (typeof metricList)[number]
export type MetricName<Type extends MetricDefinition['type']> = Extract<Listed, { type: Type }>['name']

function counter<Name extends string>(name: Name, labels: readonly string[], help: string) {
  return { name, type: 'counter' as const, labels, help }
}

function gauge<Name extends string>(name: Name, labels: readonly string[], help: string) {
  return { name, type: 'gauge' as const, labels, help }
}

function histogram<Name extends string>(
  name: Name,
  labels: readonly string[],
  help: string,
  buckets: readonly number[]
) {
  return { name, type: 'histogram' as const, labels, help, buckets }
}
