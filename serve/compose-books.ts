import { describe, printTopology, type TopologyDescription } from '../engine/describe.ts'
import { diffTopologies } from '../engine/diff.ts'
import { stop } from '../engine/errors.ts'
import { renderGraph } from '../engine/graph.ts'
import { logName } from '../engine/task/plan.ts'
import type { Topic } from '../engine/topic.ts'
import type { Topology } from '../engine/topology.ts'
import * as declared from '../schemas/topics.ts'
import type { TopicBook, TopologyBook } from './cli/topic-book.ts'

/** Names, codecs and writers of all topics of a release. */
export function composeTopicBook(topologies: readonly Topology[], namespace: string): TopicBook {
  const byLogName = new Map<string, Topic<any, any, any>>()
  const writers = new Map<string, string>()
  for (const { definition } of topologies) {
    for (const node of definition.nodes) {
      if (node.kind !== 'sink' && (node.kind !== 'source' || node.topic.kind === 'view')) continue
      const name = logName(node.topic, namespace, definition.version)
      byLogName.set(name, node.topic)
      if (node.kind === 'sink') writers.set(name, definition.name)
    }
  }
  for (const topic of Object.values(declared)) {
    if (![...byLogName.values()].some(known => known.name === topic.name)) byLogName.set(topic.name, topic)
  }
  return {
    logName(name) {
      if (byLogName.has(name)) return name
      return [...byLogName].find(([, topic]) => topic.name === name)?.[0] ?? name
    },
    decode: (name, value) => byLogName.get(name)?.value.decode(value) ?? null,
    writerOf: name => writers.get(name) ?? null
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
