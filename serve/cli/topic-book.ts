/** What a release knows of the topics on the log; made in a composition root. */
export interface TopicBook {
  /** The name on the log: views go by their plain name too. */
  logName(name: string): string
  /** JSON of a value. Throws a `skip` error where the bytes cannot be read. */
  decode(logName: string, value: Buffer): unknown
  /** The topology that writes it, where one does. */
  writerOf(logName: string): string | null
}

/** What runs, as plain data, and what can be made of it. */
export interface TopologyBook {
  /** `TopologyDescription` of each. */
  descriptions: { name: string; version: number; nodes: unknown[] }[]
  print(name: string): string
  graph(names: readonly string[], format: 'mermaid' | 'dot' | 'json'): string
  /** Against descriptions of another release, as JSON. */
  diff(before: unknown): { topology: string; verdict: 'same' | 'compatible' | 'needs-replay'; changes: string[] }[]
}
