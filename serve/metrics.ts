import { Counter, collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client'
import { onGcPauses } from '../engine/ports/gc-pauses.ts'
import { Distribution, type Series } from './distribution.ts'
import { type MetricDefinition, type MetricName, metricList } from './metric-list.ts'

export type LabelValues = readonly string[]

/** Names, types and labels stand in `metric-list.ts`; label values are given in its order. */
export interface Metrics {
  add(name: MetricName<'counter'>, labels?: LabelValues, by?: number): void
  set(name: MetricName<'gauge'>, value: number, labels?: LabelValues): void
  observe(name: MetricName<'histogram'>, value: number, labels?: LabelValues): void
  /** For hot paths: look up once, observe often. */
  series(name: MetricName<'histogram'>, labels?: LabelValues): Series
  /** Prometheus text exposition. */
  expose(): Promise<{ contentType: string; body: string }>
  close(): void
}

/** Beyond so many combinations of label values of one metric, the rest is counted as `other`. */
const seriesPerMetricMax = 2000

export function createMetrics(options: { version: string }): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const counters = new Map<string, Bounded<Counter>>()
  const gauges = new Map<string, Bounded<Gauge>>()
  const histograms = new Map<string, Bounded<Distribution>>()
  for (const definition of metricList as readonly MetricDefinition[]) {
    const { name, help, labels, type } = definition
    const shape = { name, help, labelNames: labels, registers: [registry] }
    if (type === 'counter') counters.set(name, new Bounded(definition, new Counter(shape)))
    else if (type === 'gauge') gauges.set(name, new Bounded(definition, new Gauge(shape)))
    else {
      const distribution = new Distribution(definition)
      registry.registerMetric(distribution as unknown as Metric)
      histograms.set(name, new Bounded(definition, distribution))
    }
  }
  const metrics: Metrics = {
    add: (name, labels = [], by = 1) => {
      const counter = counters.get(name)
      counter?.metric.inc(counter.labels(labels), by)
    },
    set: (name, value, labels = []) => {
      const gauge = gauges.get(name)
      gauge?.metric.set(gauge.labels(labels), value)
    },
    observe: (name, value, labels = []) => metrics.series(name, labels).observe(value),
    series: (name, labels = []) => {
      const { metric, bounded } = histograms.get(name) as Bounded<Distribution>
      return metric.series(bounded(labels))
    },
    expose: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
    close: () => pauses.close()
  }
  const pauses = onGcPauses(count => metrics.add('millrace_gc_pauses_total', [], count))
  metrics.set('millrace_build_info', 1, [options.version, process.version])
  return metrics
}

/** A metric with the label values it has seen. */
class Bounded<M> {
  readonly metric: M
  private readonly definition: MetricDefinition
  private readonly seen = new Set<string>()

  constructor(definition: MetricDefinition, metric: M) {
    this.definition = definition
    this.metric = metric
  }

  readonly bounded = (values: LabelValues): LabelValues => {
    const key = values.join('\0')
    if (this.seen.has(key)) return values
    if (this.seen.size >= seriesPerMetricMax) return this.definition.labels.map(() => 'other')
    this.seen.add(key)
    return values
  }

  labels(values: LabelValues): Record<string, string> {
    const bounded = this.bounded(values)
    const labels: Record<string, string> = {}
    for (const [index, name] of this.definition.labels.entries()) labels[name] = bounded[index] ?? ''
    return labels
  }
}
