import { stop } from '../errors.ts'
import type { TopicSpec } from '../log/log.ts'
import type { Rec } from '../record.ts'
import type { Topic } from '../topic.ts'
import type { AnyProcessor, Node, Topology, TopologyDefinition } from '../topology.ts'
import { subTopologies } from './sub-topologies.ts'

type AnyTopic = Topic<any, any, any>

/** A declared node as the runtime walks it: its outputs are resolved, names are physical. */
export type Op =
  | { kind: 'filter'; accepts: (record: Rec<any, any>) => boolean; outs: Op[] }
  | { kind: 'map'; map: (record: Rec<any, any>) => any; outs: Op[] }
  | { kind: 'through'; partitions: number; outs: Op[] }
  | { kind: 'step'; step: StepPlan }
  | { kind: 'sink'; topic: AnyTopic; log: string; partitions: number; topology: string; step: string }

export interface StorePlan {
  /** `<topology>.v<N>.<step>.<state>`: the name on disk and in commands. */
  name: string
  state: string
}

/** One `process` step with everything its tasks need. */
export interface StepPlan {
  topology: string
  version: number
  name: string
  processor: AnyProcessor
  partitions: number
  stores: StorePlan[]
  /** Name of the store of its timers. */
  timers: string
  outs: Op[]
  /** Where `.to(view)` publishes. */
  view: { topic: AnyTopic; log: string; partitions: number } | null
  /** The one topic an indexed step reads directly. */
  indexTopic: string | null
  depth: number
}

export interface SourcePlan {
  topic: AnyTopic
  log: string
  partitions: number
  /** Inputs of equal time are taken in this order: as declared. */
  rank: number
  /** `writes`: the topics that the topology publishes to. */
  readers: { topology: string; outs: Op[]; writes: string[] }[]
}

/** Sources and steps that share tasks: what reads the same topics in the same partition. Its name is its first source's. */
export interface SubTopology {
  name: string
  partitions: number
  sources: SourcePlan[]
  steps: StepPlan[]
}

export interface Plan {
  sources: SourcePlan[]
  /** Upstream before downstream. */
  steps: StepPlan[]
  topics: TopicSpec[]
  subTopologies: SubTopology[]
}

export interface PlanOptions {
  partitions: number
  namespace: string
  /** Topics read first among records of equal time; the rest in order of declaration. */
  ranks?: readonly string[]
  /** By topic: its name on the log, where it is not the one that follows from namespace and version. */
  logNames?: ReadonlyMap<string, string>
  /**
   * What `through` does: `inline` hands records on inside the unit of work (one process holds all partitions), `topics`
   * writes them to a repartition topic that other tasks read. Default `inline`.
   */
  repartition?: 'inline' | 'topics'
}

/** Name of a topic on the log: views and internal topics carry namespace and version, inputs their plain name. */
export function logName(topic: AnyTopic, namespace: string, version: number): string {
  return topic.kind === 'view' ? `${namespace}.${topic.name}.v${version}` : topic.name
}

export function plan(topologies: readonly Topology[], options: PlanOptions): Plan {
  const definitions = topologies.map(topology => topology.definition)
  const compiler = new Compiler(definitions, options)
  for (const definition of definitions) compiler.add(definition)
  return compiler.finish()
}

class Compiler {
  readonly #options: PlanOptions
  readonly #viewVersions = new Map<string, number>()
  readonly #sources = new Map<string, SourcePlan>()
  readonly #topics = new Map<string, TopicSpec>()
  readonly #steps: StepPlan[] = []
  readonly #names = new Set<string>()

  constructor(definitions: readonly TopologyDefinition[], options: PlanOptions) {
    this.#options = options
    for (const { nodes, version } of definitions) {
      for (const node of nodes)
        if (node.kind === 'sink' && node.topic.kind === 'view') this.#viewVersions.set(node.topic.name, version)
    }
  }

  add(definition: TopologyDefinition): void {
    if (this.#names.has(definition.name)) {
      throw stop('topology_name_twice', `Two topologies are named ${definition.name}: give each its own name.`)
    }
    this.#names.add(definition.name)
    const ops = new Map<Node, Op[]>()
    for (const node of definition.nodes) {
      if (node.kind === 'source') this.#addSource(definition, node, this.#outsOf(definition, node, ops, 0))
    }
  }

  finish(): Plan {
    const sources = [...this.#sources.values()]
    const ranks = this.#options.ranks ?? []
    const rankOf = (source: SourcePlan) =>
      ranks.includes(source.topic.name) ? ranks.indexOf(source.topic.name) : ranks.length
    sources.sort((a, b) => rankOf(a) - rankOf(b))
    for (const [rank, source] of sources.entries()) source.rank = rank
    const steps = this.#steps.sort((a, b) => a.depth - b.depth)
    return { sources, steps, topics: [...this.#topics.values()], subTopologies: subTopologies(sources, steps) }
  }

  #addSource(definition: TopologyDefinition, node: Node & { kind: 'source' }, outs: Op[]): void {
    const log = this.#log(node.topic)
    let source = this.#sources.get(log)
    if (!source) {
      source = { topic: node.topic, log, partitions: this.#ensure(node.topic, log), rank: 0, readers: [] }
      this.#sources.set(log, source)
    }
    const writes = definition.nodes.flatMap(other => (other.kind === 'sink' ? [this.#log(other.topic)] : []))
    source.readers.push({ topology: definition.name, outs, writes })
  }

  #outsOf(definition: TopologyDefinition, node: Node, ops: Map<Node, Op[]>, depth: number): Op[] {
    return definition.nodes
      .filter(other => other.inputs.includes(node))
      .flatMap(other => this.#opsOf(definition, other, ops, depth))
  }

  /** Ops of a node; merges dissolve into their outputs. Each node is compiled once, its depth is the longest way to it. */
  #opsOf(definition: TopologyDefinition, node: Node, ops: Map<Node, Op[]>, depth: number): Op[] {
    const known = ops.get(node)
    if (known) {
      for (const op of known) this.#deepen(op, depth)
      return known
    }
    const compiled = this.#compile(definition, node, ops, depth)
    ops.set(node, compiled)
    return compiled
  }

  #compile(definition: TopologyDefinition, node: Node, ops: Map<Node, Op[]>, depth: number): Op[] {
    const outs = (by: number) => this.#outsOf(definition, node, ops, depth + by)
    switch (node.kind) {
      case 'source':
        return []
      case 'merge':
        return outs(0)
      case 'filter':
        return [{ kind: 'filter', accepts: node.accepts, outs: outs(0) }]
      case 'map':
        return [{ kind: 'map', map: node.map, outs: outs(0) }]
      case 'through':
        return [this.#through(definition, node, outs(0))]
      case 'sink':
        return node.topic.kind === 'view' ? [] : [this.#sink(definition, node)]
      case 'process': {
        const step = this.#step(definition, node, depth)
        this.#steps.push(step)
        step.outs = outs(1)
        return [{ kind: 'step', step }]
      }
    }
  }

  #through({ name, version }: TopologyDefinition, node: Node & { kind: 'through' }, outs: Op[]): Op {
    const { topic } = node
    const partitions = topic.partitions ?? this.#options.partitions
    if (this.#options.repartition !== 'topics') return { kind: 'through', partitions, outs }
    const log =
      this.#options.logNames?.get(topic.name) ??
      `${this.#options.namespace}.${name}.v${version}.${topic.name}-repartition`
    this.#ensure({ ...topic, cleanup: 'delete', retentionMs: undefined, mayKeepLess: false }, log)
    this.#sources.set(log, { topic, log, partitions, rank: 0, readers: [{ topology: name, outs, writes: [] }] })
    return { kind: 'sink', topic, log, partitions, topology: name, step: node.name }
  }

  #sink(definition: TopologyDefinition, node: Node & { kind: 'sink' }): Op {
    const log = this.#log(node.topic)
    const partitions = this.#ensure(node.topic, log)
    return { kind: 'sink', topic: node.topic, log, partitions, topology: definition.name, step: node.name }
  }

  #step(definition: TopologyDefinition, node: Node & { kind: 'process' }, depth: number): StepPlan {
    const { name, version } = definition
    const { processor } = node
    const base = `${name}.v${version}.${processor.name}`
    const viewSink = definition.nodes.find(
      other => other.kind === 'sink' && other.topic.kind === 'view' && other.inputs[0] === node
    )
    const view = viewSink?.kind === 'sink' ? this.#view(viewSink.topic, processor) : null
    const input = node.inputs[0]
    if (processor.index && input.kind !== 'source') {
      throw stop(
        'topology_index_input',
        `Step ${processor.name} declares an index: it must read its topic directly, with .from(topic).process(…).`
      )
    }
    const partitions = this.#partitionsOf(node)
    if (processor.stateKey !== undefined && partitions !== 1) {
      throw stop(
        'topology_state_key',
        `Step ${processor.name} keeps one state for all keys: it must read a topic of one partition.`
      )
    }
    return {
      topology: name,
      version,
      name: processor.name,
      processor,
      partitions,
      stores: Object.keys(processor.state).map(state => ({ state, name: `${base}.${state}` })),
      timers: `${base}.timers`,
      outs: [],
      view,
      indexTopic: processor.index && input.kind === 'source' ? this.#log(input.topic) : null,
      depth
    }
  }

  #view(topic: AnyTopic, processor: AnyProcessor): StepPlan['view'] {
    if (!processor.view) {
      throw stop(
        'topology_no_view',
        `Step ${processor.name} has no view(…), so nothing can be published to ${topic.name}.`
      )
    }
    const log = this.#log(topic)
    return { topic, log, partitions: this.#ensure(topic, log) }
  }

  /** Partitions of what reaches a step; all its inputs must agree (co-partitioning). */
  #partitionsOf(node: Node): number {
    if (node.kind === 'source') return this.#ensure(node.topic, this.#log(node.topic))
    if (node.kind === 'through') return node.topic.partitions ?? this.#options.partitions
    const counts = new Set(node.inputs.map(input => this.#partitionsOf(input)))
    if (counts.size > 1) {
      throw stop(
        'topology_not_copartitioned',
        `The inputs of ${node.name} have ${[...counts].join(' and ')} partitions: put .through(topic) before it.`
      )
    }
    return [...counts][0]
  }

  #deepen(op: Op, depth: number): void {
    if (op.kind === 'sink') return
    if (op.kind !== 'step') {
      for (const out of op.outs) this.#deepen(out, depth)
      return
    }
    if (op.step.depth >= depth) return
    op.step.depth = depth
    for (const out of op.step.outs) this.#deepen(out, depth + 1)
  }

  #log(topic: AnyTopic): string {
    const { logNames, namespace } = this.#options
    return logNames?.get(topic.name) ?? logName(topic, namespace, this.#viewVersions.get(topic.name) ?? 1)
  }

  #ensure(topic: AnyTopic, log: string): number {
    const spec = topicSpec(topic, log, this.#options.partitions)
    this.#topics.set(log, spec)
    return spec.partitions
  }
}

export function topicSpec(topic: AnyTopic, log: string, partitions: number): TopicSpec {
  return {
    name: log,
    partitions: topic.partitions ?? partitions,
    cleanup: topic.cleanup,
    retentionMs: topic.retentionMs,
    retentionBytes: topic.retentionBytes,
    ...(topic.mayKeepLess && { mayKeepLess: true }),
    recordBytesMax: topic.recordBytesMax
  }
}
