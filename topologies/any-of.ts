import type { Topic } from '../engine/index.ts'

/** A topic as one of several that a step reads: its values are some of `V`. */
export function anyOf<K extends string, V>(topic: Topic<any, any, any>): Topic<K, V> {
  return topic
}
