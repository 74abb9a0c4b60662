import { checkSubjects, registerSubjects } from '../connectors/registry/registry-check.ts'
import { RegistryClient, type RegistryOptions } from '../connectors/registry/registry-client.ts'
import { type Subject, subjectsOf } from '../connectors/registry/subjects.ts'
import { stop } from '../engine/errors.ts'
import type { Config } from '../schemas/config.ts'
import type { SubjectRegistry } from './cli/context.ts'
import { topicsByLogName } from './compose-books.ts'
import { topologiesOf } from './compose-topologies.ts'

/** A command waits for a registry as long as a person does. */
const patienceMs = 5000

/** The registry as commands see it. */
export async function composeRegistry(config: Config): Promise<SubjectRegistry> {
  if (config.registry.url === '') throw stop('usage', 'Say which registry: --registry URL, or registry.url.')
  const client = new RegistryClient({ ...registryOptionsOf(config), patienceMs })
  const subjects = await subjectsOfRelease(config)
  return {
    check: () => checkSubjects(client, subjects),
    register: () => registerSubjects(client, subjects)
  }
}

function registryOptionsOf({ registry: { url, username, password } }: Config): RegistryOptions {
  return { url, username, password }
}

/** Of every topic that is read or written as Avro. */
async function subjectsOfRelease(config: Config): Promise<Subject[]> {
  const topics = topicsByLogName(await topologiesOf(config), config.namespace)
  return subjectsOf([...topics].map(([name, { topic }]) => [name, topic] as const))
}
