import { describe, printTopology, type TopologyDescription } from '../engine/describe.ts'
import { diffTopologies } from '../engine/diff.ts'
import { stop } from '../engine/errors.ts'
import { renderGraph } from '../engine/graph.ts'
import { logName } from '../engine/task/plan.ts'
import type { Topic } from '../engine/topic.ts'
import type { Topology } from '../engine/topology.ts'
import * as declared from '../schemas/topics.ts'
import type { TopicBook, TopologyBook } from './cli/topic-book.ts'

/** All topics of a release by their name on the log: those its topologies read and write, and those it only knows. */
export function topicsByLogName(
  topologies: readonly Topology[],
  namespace: string
): Map<string, { topic: Topic<any, any, any>; writer: string | null }> {
  const found = new Map<string, { topic: Topic<any, any, any>; writer: string | null }>()
  for (const { definition } of topologies) {
    for (const node of definition.nodes) {
      if (node.kind !== 'sink' && (node.kind !== 'source' || node.topic.kind === 'view')) continue
      const name = logName(node.topic, namespace, definition.version)
      const writer = node.kind === 'sink' ? definition.name : (found.get(name)?.writer ?? null)
      found.set(name, { topic: node.topic, writer })
    }
  }
  for (const topic of Object.values(declared)) {
    if (![...found.values()].some(known => known.topic.name === topic.name))
      found.set(topic.name, { topic, writer: null })
  }
  return found
}

/** Names, codecs and writers of all topics of a release. */
export function composeTopicBook(topologies: readonly Topology[], namespace: string): TopicBook {
  const topics = topicsByLogName(topologies, namespace)
  return {
    logName(name) {
      if (topics.has(name)) return name
      return [...topics].find(([, { topic }]) => topic.name === name)?.[0] ?? name
    },
    decode: (name, value) => topics.get(name)?.topic.value.decode(value) ?? null,
    writerOf: name => topics.get(name)?.writer ?? null
  }
}

export function composeTopologyBook(topologies: readonly Topology[]): TopologyBook {
  const descriptions = topologies.map(describe)
  const named = (name: string) => {
    const found = descriptions.find(one => one.name === name)
    if (found) return found
    throw stop(
      'topology_unknown',
      `There is no topology ${name}: there are ${descriptions.map(one => one.name).join(', ')}.`
    )
  }
  return {
    descriptions,
    print: name => printTopology(named(name)),
    graph: (names, format) => renderGraph(names.length > 0 ? names.map(named) : descriptions, format),
    diff: before => diffTopologies(checkedDescriptions(before), descriptions)
  }
}

function checkedDescriptions(json: unknown): TopologyDescription[] {
  const list = Array.isArray(json) ? json : [json]
  const isGood = list.every(one => typeof one?.name === 'string' && Array.isArray(one.nodes))
  if (isGood) return list as TopologyDescription[]
  throw stop('bad_topology_file', 'The file holds no topologies: write it with `millrace topology describe --json`.')
}
