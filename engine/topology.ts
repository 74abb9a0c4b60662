import { stop } from './errors.ts'
import type { Processor } from './processor.ts'
import type { Rec } from './record.ts'
import type { Topic, ViewTopic } from './topic.ts'

type AnyTopic = Topic<any, any, any>
export type AnyProcessor = Processor<any, any, any, any, any, any, any>

export interface Keyed<K extends string, V> {
  key: K
  value: V
  timestamp?: number
}

/** One step of a topology as declared. Names are unique in their topology: they are part of the on-disk format. */
export type Node = { name: string; inputs: Node[] } & (
  | { kind: 'source'; topic: AnyTopic }
  | { kind: 'filter'; accepts: (record: Rec<any, any>) => boolean }
  | { kind: 'map'; map: (record: Rec<any, any>) => Iterable<Keyed<any, any>> | Keyed<any, any> | null }
  | { kind: 'merge' }
  | { kind: 'process'; processor: AnyProcessor }
  | { kind: 'through'; topic: AnyTopic }
  | { kind: 'sink'; topic: AnyTopic }
)

/** What `topology(...)…` declares; every stream of a topology carries it, so the chain's result is the topology. */
export interface Topology {
  readonly definition: TopologyDefinition
}

export interface TopologyDefinition {
  readonly name: string
  /** Raised by a release whose state must be built anew; part of the names of stores and views. */
  readonly version: number
  readonly nodes: Node[]
}

interface Fragment {
  nodes: Node[]
  /** Set when the fragment becomes part of a topology. */
  definition: TopologyDefinition | null
}

/** A stream while it is being declared. `K`, `V`: key and value; `ViewK`, `View`: of the step before, for `.to(view)`. */
export class Stream<K extends string, V, ViewK extends string = any, View = any> implements Topology {
  readonly #fragment: Fragment
  readonly #node: Node
  /** The key is not the one the data is partitioned by: `process` needs a `through` first. */
  readonly #isRekeyed: boolean

  constructor(fragment: Fragment, node: Node, isRekeyed = false) {
    this.#fragment = fragment
    this.#node = node
    this.#isRekeyed = isRekeyed
  }

  get definition(): TopologyDefinition {
    if (!this.#fragment.definition) {
      throw stop('topology_unnamed', 'A stream made by from(…) alone is no topology: merge it into one.')
    }
    return this.#fragment.definition
  }

  filter(name: string, accepts: (record: Rec<K, V>) => boolean): Stream<K, V> {
    return this.#next({ kind: 'filter', name, accepts }, this.#isRekeyed)
  }

  /** New key and value for each record: one, several, or none (`null`). */
  map<K2 extends string, V2>(
    name: string,
    map: (record: Rec<K, V>) => Iterable<Keyed<K2, V2>> | Keyed<K2, V2> | null
  ): Stream<K2, V2> {
    return this.#next({ kind: 'map', name, map }, true)
  }

  /** The records of all of them, each in its own order. */
  merge(...others: Stream<K, V, any, any>[]): Stream<K, V> {
    const isRekeyed = this.#isRekeyed || others.some(other => other.#isRekeyed)
    const inputs = [this.#node]
    for (const other of others) {
      if (other.#fragment !== this.#fragment) {
        for (const node of other.#fragment.nodes) addNode(this.#fragment, node)
        other.#fragment.nodes = this.#fragment.nodes
        other.#fragment.definition = this.#fragment.definition
      }
      inputs.push(other.#node)
    }
    const node: Node = { kind: 'merge', name: `merge-${inputs.map(input => input.name).join('-')}`, inputs }
    return new Stream(this.#fragment, addNode(this.#fragment, node), isRekeyed)
  }

  process<K2 extends string, Out, View2>(
    processor: Processor<K, V, K2, Out, View2, any, any>
  ): Stream<K2, Out, K, View2> {
    if (this.#isRekeyed) {
      throw stop(
        'topology_not_partitioned',
        `Step ${processor.name} reads a stream whose key was changed: put .through(topic) before it.`
      )
    }
    return this.#next({ kind: 'process', name: processor.name, processor }, true)
  }

  /** Repartitions by the current key through a topic of its own. */
  through(topic: Topic<K, V>): Stream<K, V> {
    return this.#next({ kind: 'through', name: topic.name, topic }, false)
  }

  /** Writes what the last step emitted, or, to a view, what its `view` says after each unit of work. */
  to(topic: Topic<K, V> | ViewTopic<ViewK, View>): this {
    this.#next({ kind: 'sink', name: `to-${topic.name}`, topic: topic as AnyTopic }, false)
    return this
  }

  #next(
    node: { kind: Node['kind']; name: string } & Record<string, unknown>,
    isRekeyed: boolean
  ): Stream<any, any, any, any> {
    const added = addNode(this.#fragment, { ...node, inputs: [this.#node] } as unknown as Node)
    return new Stream(this.#fragment, added, isRekeyed)
  }
}

function addNode(fragment: Fragment, node: Node): Node {
  const twin = fragment.nodes.find(other => other.name === node.name)
  if (twin === node) return node
  if (twin && node.kind !== 'source')
    throw stop(
      'topology_name_twice',
      `Two steps are named ${node.name}: names are part of the on-disk format, give each its own.`
    )
  fragment.nodes.push(node)
  return node
}

/** The start of a topology: `topology('co-occurrence').from(interactions)…`. */
export function topology(name: string, options: { version?: number } = {}) {
  const nodes: Node[] = []
  const definition: TopologyDefinition = { name, version: options.version ?? 1, nodes }
  return {
    from<K extends string, V>(topic: Topic<K, V, any>): Stream<K, V> {
      return source({ nodes, definition }, topic)
    }
  }
}

/** A stream to be merged into a topology. */
export function from<K extends string, V>(topic: Topic<K, V, any>): Stream<K, V> {
  return source({ nodes: [], definition: null }, topic)
}

function source<K extends string, V>(fragment: Fragment, topic: Topic<K, V, any>): Stream<K, V> {
  return new Stream(fragment, addNode(fragment, { kind: 'source', name: `from-${topic.name}`, inputs: [], topic }))
}
