import type { Codec } from './codec.ts'
import type { StateSpec } from './processor.ts'
import type { Equality } from './topic.ts'
import type { Node, Topology } from './topology.ts'

export interface StateDescription {
  name: string
  kind: 'value' | 'table'
  layout?: 'packed' | 'rows'
  codecVersion: number
  readsOlder: boolean
  ttlMs?: number
  equality: Equality
}

export interface NodeDescription {
  name: string
  kind: Node['kind']
  inputs: string[]
  topic?: string
  processorVersion?: number
  graceMs?: number
  states?: StateDescription[]
}

/** A topology as plain data: what is printed, drawn, compared and published as JSON. */
export interface TopologyDescription {
  name: string
  version: number
  nodes: NodeDescription[]
}

export function describe({ definition }: Topology): TopologyDescription {
  return { name: definition.name, version: definition.version, nodes: definition.nodes.map(describeNode) }
}

function describeNode(node: Node): NodeDescription {
  const base = { name: node.name, kind: node.kind, inputs: node.inputs.map(({ name }) => name) }
  switch (node.kind) {
    case 'source':
    case 'through':
    case 'sink':
      return { ...base, topic: node.topic.name }
    case 'process': {
      const { version = 1, graceMs, state } = node.processor
      return {
        ...base,
        processorVersion: version,
        ...(graceMs === undefined ? {} : { graceMs }),
        states: describeStates(state)
      }
    }
    default:
      return base
  }
}

function describeStates(state: StateSpec): StateDescription[] {
  return Object.entries(state).map(([name, spec]) => {
    const codec: Codec<unknown> = spec.codec
    return {
      name,
      kind: spec.kind,
      ...(spec.kind === 'table' ? { layout: spec.layout } : {}),
      codecVersion: codec.version,
      readsOlder: codec.readOlder !== undefined,
      ...(spec.ttlMs === undefined ? {} : { ttlMs: spec.ttlMs }),
      equality: spec.equality
    }
  })
}

/** Text for a terminal: one line per step, state below it. */
export function printTopology(topology: TopologyDescription): string {
  const lines = [`${topology.name} v${topology.version}`]
  for (const { name, kind, inputs, topic, states } of topology.nodes) {
    const from = inputs.length > 0 ? ` <- ${inputs.join(', ')}` : ''
    lines.push(`  ${kind.padEnd(8)} ${topic ?? name}${from}`)
    for (const state of states ?? []) lines.push(`             ${printState(state)}`)
  }
  return lines.join('\n')
}

function printState({ name, kind, layout, ttlMs, equality }: StateDescription): string {
  const ttl = ttlMs === undefined ? '' : `, forgotten after ${ttlMs / 86_400_000} d`
  return `state ${name}: ${layout ? `${layout} ` : ''}${kind}, ${printEquality(equality)}${ttl}`
}

export function printEquality(equality: Equality): string {
  return typeof equality === 'string' ? equality : `tolerance ${equality.tolerance}`
}
