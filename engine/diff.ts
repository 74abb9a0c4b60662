import type { NodeDescription, StateDescription, TopologyDescription } from './describe.ts'

export type Verdict = 'same' | 'compatible' | 'needs-replay'

export interface TopologyDiff {
  topology: string
  verdict: Verdict
  /** One sentence per difference. */
  changes: string[]
}

/** What a change of code means for the state that exists. A topology whose version was raised gets state of its own. */
export function diffTopologies(
  before: readonly TopologyDescription[],
  after: readonly TopologyDescription[]
): TopologyDiff[] {
  const names = [...new Set([...before, ...after].map(({ name }) => name))].sort()
  const named = (list: readonly TopologyDescription[], name: string) => list.find(topology => topology.name === name)
  return names.map(name => diffOne(name, named(before, name), named(after, name)))
}

function diffOne(topology: string, before?: TopologyDescription, after?: TopologyDescription): TopologyDiff {
  if (!before) return { topology, verdict: 'needs-replay', changes: ['new: it has no state yet, a replay builds it'] }
  if (!after)
    return { topology, verdict: 'compatible', changes: ['removed: its state and views stay until they are deleted'] }
  if (before.version !== after.version) {
    return {
      topology,
      verdict: 'needs-replay',
      changes: [`version ${before.version} -> ${after.version}: new state, to be built by a replay`]
    }
  }
  const found: Found = { replay: [], compatible: [] }
  const { replay, compatible } = found
  const old = new Map(before.nodes.map(node => [node.name, node]))
  for (const node of after.nodes) {
    const was = old.get(node.name)
    old.delete(node.name)
    if (was) compareNodes(was, node, found)
    else if (node.states?.length) replay.push(`step ${node.name} is new and has state`)
    else compatible.push(`${node.kind} ${node.name} is new`)
  }
  for (const node of old.values()) {
    if (node.kind === 'process' || node.kind === 'source') replay.push(`${node.kind} ${node.name} is gone`)
    else compatible.push(`${node.kind} ${node.name} is gone`)
  }
  const verdict = replay.length > 0 ? 'needs-replay' : compatible.length > 0 ? 'compatible' : 'same'
  return { topology, verdict, changes: [...replay, ...compatible] }
}

interface Found {
  replay: string[]
  compatible: string[]
}

function compareNodes(before: NodeDescription, after: NodeDescription, found: Found): void {
  const { replay, compatible } = found
  const { name } = after
  if (before.kind !== after.kind || before.topic !== after.topic)
    replay.push(`${name} was ${before.kind} ${before.topic ?? ''}, is ${after.kind} ${after.topic ?? ''}`)
  if (before.inputs.join() !== after.inputs.join())
    replay.push(`${name} reads ${after.inputs.join(', ')} instead of ${before.inputs.join(', ')}`)
  if (before.processorVersion !== after.processorVersion)
    replay.push(`${name} computes something else (version ${before.processorVersion} -> ${after.processorVersion})`)
  const old = new Map(before.states?.map(state => [state.name, state]))
  for (const state of after.states ?? []) {
    const was = old.get(state.name)
    old.delete(state.name)
    if (was) compareStates(`${name}.${state.name}`, was, state, found)
    else replay.push(`${name} has new state ${state.name}`)
  }
  for (const state of old.keys()) compatible.push(`${name} no longer uses state ${state}`)
}

function compareStates(at: string, before: StateDescription, after: StateDescription, found: Found): void {
  const { replay, compatible } = found
  if (before.kind !== after.kind || before.layout !== after.layout) replay.push(`${at} is stored another way`)
  if (before.codecVersion !== after.codecVersion) {
    const change = `${at} has layout version ${before.codecVersion} -> ${after.codecVersion}`
    if (after.readsOlder) compatible.push(`${change}, which it still reads`)
    else replay.push(`${change} and cannot read the older one`)
  }
  if (before.ttlMs !== after.ttlMs)
    compatible.push(`${at} is forgotten after ${after.ttlMs ?? '∞'} ms instead of ${before.ttlMs ?? '∞'} ms`)
}
