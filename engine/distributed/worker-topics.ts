import type { TopicSpec } from '../log/log.ts'
import { Stream } from '../stream.ts'
import { type Op, type Plan, plan } from '../task/plan.ts'
import { ticks } from '../task/processing.ts'
import type { Topology } from '../topology.ts'
import { changelogSpecs } from './changelogs.ts'

/** Topics that must exist before workers run. */
export function workerTopics(options: {
  topologies: readonly Topology[]
  namespace: string
  partitions: number
  logNames?: ReadonlyMap<string, string>
}): TopicSpec[] {
  const { namespace, partitions, logNames } = options
  const { topics, steps } = plan(options.topologies, { partitions, namespace, logNames, repartition: 'topics' })
  const own = Stream.topics(options).filter(({ name }) => name === ticks || name === 'dead-letters')
  return [
    ...topics,
    ...changelogSpecs(steps, namespace),
    ...own.filter(({ name }) => !topics.some(topic => topic.name === name))
  ]
}

/** By topic that the group reads: the topics that it writes because of its records. */
export function derivedTopics({ sources }: Pick<Plan, 'sources'>): Map<string, string[]> {
  return new Map(sources.map(({ log, readers }) => [log, [...new Set(readers.flatMap(({ outs }) => writtenBy(outs)))]]))
}

function writtenBy(ops: readonly Op[]): string[] {
  return ops.flatMap(op => {
    if (op.kind === 'sink') return [op.log]
    if (op.kind !== 'step') return writtenBy(op.outs)
    return [...(op.step.view ? [op.step.view.log] : []), ...writtenBy(op.step.outs)]
  })
}

/** Each topic once, the first that is said of it. */
export function distinctTopics(specs: readonly TopicSpec[]): TopicSpec[] {
  return specs.filter(({ name }, i) => specs.findIndex(other => other.name === name) === i)
}
