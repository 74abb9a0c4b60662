import type { Topic } from '../../engine/topic.ts'
import { schemaNameOf } from '../../schemas/avro.ts'

/** Where a registry keeps the forms of one schema. */
export interface Subject {
  subject: string
  /** Name of `schemas/<schema>.avsc`. */
  schema: string
}

/** Of all topics whose values are Avro: `<topic>-value`, the name that Kafka's own serializers take. */
export function subjectsOf(topics: Iterable<readonly [logName: string, topic: Topic<any, any, any>]>): Subject[] {
  const subjects: Subject[] = []
  for (const [name, topic] of topics) {
    const schema = schemaNameOf(topic.value)
    if (schema !== undefined) subjects.push({ subject: `${name}-value`, schema })
  }
  return subjects.sort((a, b) => (a.subject < b.subject ? -1 : 1))
}
