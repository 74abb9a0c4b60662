import { schemaText } from '../../schemas/avro.ts'
import { compareSchemas, type SchemaVerdict } from '../../schemas/schema-check.ts'
import type { RegistryClient } from './registry-client.ts'
import type { Subject } from './subjects.ts'

/** Whether this release reads what was last written to each subject; `new` where nothing was. */
export async function checkSubjects(
  client: RegistryClient,
  subjects: readonly Subject[]
): Promise<(SchemaVerdict & { subject: string })[]> {
  const verdicts = []
  for (const { subject, schema } of subjects) {
    verdicts.push({ subject, schema, ...compareSchemas(await client.latest(subject), schemaText(schema)) })
  }
  return verdicts
}

/** Registers what is not there; nothing at all where one of them is not compatible. */
export async function registerSubjects(
  client: RegistryClient,
  subjects: readonly Subject[]
): Promise<(SchemaVerdict & { subject: string; id: number | null })[]> {
  const verdicts = await checkSubjects(client, subjects)
  if (verdicts.some(({ verdict }) => verdict === 'incompatible')) return verdicts.map(one => ({ ...one, id: null }))
  const registered = []
  for (const one of verdicts) {
    registered.push({ ...one, id: await client.register(one.subject, schemaText(one.schema)) })
  }
  return registered
}
