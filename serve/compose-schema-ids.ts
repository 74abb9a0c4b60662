import { RegistryIds } from '../connectors/registry/registry-ids.ts'
import { subjectsOf } from '../connectors/registry/subjects.ts'
import type { Topology } from '../engine/topology.ts'
import { bindSchemaIds } from '../schemas/avro.ts'
import type { Config } from '../schemas/config.ts'
import { topicsByLogName } from './compose-books.ts'

/** What a thread needs to ask a registry; null: schema ids are those of this release. */
export type RegistryUse = { url: string; username: string; password: string; register: boolean } | null

export function registryUse({ registry }: Config): RegistryUse {
  return registry.url === '' ? null : registry
}

export interface SchemaIdsOptions {
  registry: RegistryUse
  topologies: readonly Topology[]
  namespace: string
  /** What the registry told is kept here, for when it is away. */
  cacheFile: string
  say: (line: string) => void
}

/** From here on the codecs of this thread take their ids from the registry; to be called before the first record. */
export async function useRegistry(options: SchemaIdsOptions): Promise<{ close(): Promise<void> }> {
  const { registry, topologies, namespace, cacheFile, say } = options
  if (!registry) return { close: async () => undefined }
  const { url, username, password, register } = registry
  const topics = topicsByLogName(topologies, namespace)
  const ids = await RegistryIds.open({
    registry: { url, username, password },
    subjects: subjectsOf([...topics].map(([name, { topic }]) => [name, topic] as const)),
    cacheFile,
    mayRegister: register,
    onProblem: ({ message }) => say(`${message} What it told before is used.`)
  })
  bindSchemaIds(ids)
  return ids
}
