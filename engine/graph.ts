import type { NodeDescription, TopologyDescription } from './describe.ts'

export const graphFormats = ['mermaid', 'dot', 'json'] as const
export type GraphFormat = (typeof graphFormats)[number]

interface Vertex {
  id: string
  label: string
  shape: 'topic' | 'step' | 'stateful'
}

interface Graph {
  vertices: Vertex[]
  edges: [from: string, to: string][]
}

/** Topics, steps and who feeds whom; topics of the same name are one vertex, so that topologies join up. */
function graphOf(topologies: readonly TopologyDescription[]): Graph {
  const vertices = new Map<string, Vertex>()
  const edges = new Map<string, [string, string]>()
  const add = (vertex: Vertex) => void vertices.set(vertex.id, vertex)
  for (const { name, nodes } of topologies) {
    const idOf = (node: NodeDescription) => (node.topic ? `topic:${node.topic}` : `${name}:${node.name}`)
    const byName = new Map(nodes.map(node => [node.name, node]))
    for (const node of nodes) {
      const id = idOf(node)
      if (node.topic) add({ id, label: node.topic, shape: 'topic' })
      else add({ id, label: labelOf(node), shape: node.states?.length ? 'stateful' : 'step' })
      for (const input of node.inputs) {
        const from = idOf(byName.get(input) as NodeDescription)
        edges.set(`${from} ${id}`, [from, id])
      }
    }
  }
  return { vertices: [...vertices.values()], edges: [...edges.values()] }
}

function labelOf(node: NodeDescription): string {
  const states = node.states?.map(({ name }) => name).join(', ')
  return states ? `${node.name} (${states})` : node.kind === 'merge' ? 'merge' : node.name
}

export function renderGraph(topologies: readonly TopologyDescription[], format: GraphFormat): string {
  const graph = graphOf(topologies)
  if (format === 'json') return JSON.stringify(graph, null, 2)
  return format === 'dot' ? dot(graph) : mermaid(graph)
}

function mermaid({ vertices, edges }: Graph): string {
  const ids = numbered(vertices)
  const shapes = { topic: ['[(', ')]'], step: ['[', ']'], stateful: ['[[', ']]'] }
  const boxes = vertices.map(
    ({ id, label, shape }) => `  ${ids.get(id)}${shapes[shape][0]}"${label}"${shapes[shape][1]}`
  )
  return ['flowchart LR', ...boxes, ...edges.map(([from, to]) => `  ${ids.get(from)} --> ${ids.get(to)}`)].join('\n')
}

function dot({ vertices, edges }: Graph): string {
  const ids = numbered(vertices)
  const shapes = { topic: 'cylinder', step: 'box', stateful: 'box3d' }
  const boxes = vertices.map(({ id, label, shape }) => `  ${ids.get(id)} [label="${label}", shape=${shapes[shape]}]`)
  const arrows = edges.map(([from, to]) => `  ${ids.get(from)} -> ${ids.get(to)}`)
  return ['digraph topologies {', '  rankdir=LR', ...boxes, ...arrows, '}'].join('\n')
}

const numbered = (vertices: readonly Vertex[]) => new Map(vertices.map(({ id }, i) => [id, `n${i + 1}`]))
