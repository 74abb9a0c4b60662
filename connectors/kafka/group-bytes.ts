import { ByteReader, ByteWriter } from '../../engine/bytes.ts'
import { taskOf } from './assignor.ts'
import { kafkaError } from './errors.ts'

/**
 * What members tell each other, in the shape of Kafka's own consumers, so that its tools show topics and partitions
 * (protocol guide, "Consumer Protocol"; ours is in the user data).
 */
export interface Subscription {
  topics: readonly string[]
  name: string
  generation: number
  owned: readonly string[]
  standbys: ReadonlyMap<string, number>
}

export interface Assignment {
  tasks: string[]
  standbys: string[]
}

const wireVersion = 0
const userDataVersion = 1

export function writeSubscription({ topics, name, generation, owned, standbys }: Subscription): Buffer {
  const data = new ByteWriter(256).u8(userDataVersion).string(name).zigzag(generation)
  writeTexts(data, owned)
  data.varint(standbys.size)
  for (const [task, missing] of standbys) data.string(task).varint(Math.min(missing, Number.MAX_SAFE_INTEGER))
  const out = new ByteWriter(256).u16(wireVersion).i32(topics.length)
  for (const topic of topics) writeName(out, topic)
  return out.i32(data.position).bytes(data.view()).copy()
}

export function readSubscription(bytes: Buffer): Subscription {
  return guarded('the subscription of a member', () => {
    const input = new ByteReader(bytes)
    input.u16()
    const topics = readList(input, input.i32(), () => readName(input))
    const data = new ByteReader(input.bytes(input.i32()))
    if (data.u8() !== userDataVersion) throw kafkaError('INCONSISTENT_GROUP_PROTOCOL', 'reading what a member wants')
    const name = data.string()
    const generation = data.zigzag()
    const owned = readTexts(data)
    const standbys = new Map(readList(data, data.varint(), () => [data.string(), data.varint()] as const))
    return { topics, name, generation, owned, standbys }
  })
}

/** `topicsOf` names the topics of a task, so that tools see partitions. */
export function writeAssignment(
  { tasks, standbys }: Assignment,
  topicsOf: (task: string) => readonly string[]
): Buffer {
  const partitions = new Map<string, number[]>()
  for (const id of tasks) {
    for (const topic of topicsOf(id)) {
      const some = partitions.get(topic) ?? []
      partitions.set(topic, some)
      some.push(taskOf(id).partition)
    }
  }
  const out = new ByteWriter(256).u16(wireVersion).i32(partitions.size)
  for (const [topic, some] of partitions) {
    writeName(out, topic)
    out.i32(some.length)
    for (const partition of some.sort((a, b) => a - b)) out.i32(partition)
  }
  const data = new ByteWriter(256).u8(userDataVersion)
  writeTexts(data, tasks)
  writeTexts(data, standbys)
  return out.i32(data.position).bytes(data.view()).copy()
}

/** An empty answer is that of a member without tasks. */
export function readAssignment(bytes: Buffer): Assignment {
  if (bytes.length === 0) return { tasks: [], standbys: [] }
  return guarded('an assignment', () => {
    const input = new ByteReader(bytes)
    input.u16()
    readList(input, input.i32(), () => {
      readName(input)
      readList(input, input.i32(), () => input.i32())
    })
    const data = new ByteReader(input.bytes(input.i32()))
    data.u8()
    return { tasks: readTexts(data), standbys: readTexts(data) }
  })
}

function writeName(out: ByteWriter, name: string): void {
  out.u16(Buffer.byteLength(name)).text(name)
}

function readName(input: ByteReader): string {
  return input.text(input.u16())
}

function writeTexts(out: ByteWriter, texts: readonly string[]): void {
  out.varint(texts.length)
  for (const text of texts) out.string(text)
}

function readTexts(input: ByteReader): string[] {
  return readList(input, input.varint(), () => input.string())
}

function readList<T>(input: ByteReader, count: number, read: () => T): T[] {
  if (!(count >= 0 && count <= input.end - input.position)) throw kafkaError('UNREADABLE', 'reading a list')
  const list: T[] = []
  for (let i = 0; i < count; i++) {
    list.push(read())
    if (!(input.position <= input.end)) throw kafkaError('UNREADABLE', 'reading a list')
  }
  return list
}

function guarded<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw kafkaError('INCONSISTENT_GROUP_PROTOCOL', `reading ${what}, which is not of our kind`, error)
  }
}
