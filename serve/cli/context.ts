import type { NewRecord } from '../../engine/log/log.ts'
import type { Topic } from '../../engine/topic.ts'
import type { Config, LoadedConfig } from '../../schemas/config.ts'
import type { ErasureReceipt } from '../../schemas/erasure.ts'
import type { Operations } from '../admin/operations.ts'
import type { DemoNote } from '../demo/demo-note.ts'
import type { KnownOfErasure } from '../erasures/receipt.ts'
import type { Finding } from './finding.ts'
import type { ServerStack } from './stack-command.ts'
import type { TopicBook, TopologyBook } from './topic-book.ts'

/** A data directory being worked on: by a running instance, or opened by this process. */
export interface Session {
  operations: Operations
  isRemote: boolean
  close(): Promise<void>
}

export interface OpenHow {
  /** Starts the stream where no instance runs; a directory that is not there is made. */
  write: boolean
  acceptLoss?: boolean
}

/** A file of rows, read in batches (connectors/files). */
export interface FileBatch {
  type: string
  rows: unknown[]
  rejected: { line: number; code: string; detail: string; text: string }[]
  bytesRead: number
  bytesTotal: number | null
}

export interface FileOptions {
  type?: string
  columns: Record<string, Record<string, string>>
  timeShiftMs: number
  batchRowsMax: number
}

/** What commands need of the rest of Millrace: made in compose-commands.ts, fetched only when used. */
export interface CommandContext {
  open(loaded: LoadedConfig, how: OpenHow): Promise<Session>
  topicBook(config: Config): Promise<TopicBook>
  topologyBook(config: Config): Promise<TopologyBook>
  /** Descriptions of the release that made the directory; null when it has kept none. */
  firstTopologies(config: Config): Promise<unknown>
  files(): Promise<{
    read(path: string, options: FileOptions): AsyncIterable<FileBatch>
    rowFrom(type: string, json: unknown): unknown
    durationMs(text: string): number
    rowTypes: readonly string[]
  }>
  rowTopics(): Promise<Record<string, RowTopic>>
  demo(): Promise<DemoHistory>
  erasing(): Promise<ErasingPeople>
  importLines(
    lines: AsyncIterable<string>,
    append: (records: ImportedRecord[], partition?: number) => Promise<unknown>
  ): Promise<number>
  checkSchemas(against: string | undefined): Promise<SchemaVerdict[]>
  registry(loaded: LoadedConfig): Promise<SubjectRegistry>
  /** Brokers, rights, topics, registry and Redis, as `millrace doctor` sees them. */
  kafkaFindings(config: Config): AsyncIterable<Finding>
  /** The least rights on the brokers, as arguments of `kafka-acls.sh`. */
  acls(config: Config): Promise<string[]>
  evaluation: Evaluation
  /** The servers whose data and notes are in that directory. */
  stack(directory: string): Promise<ServerStack>
  stream(loaded: LoadedConfig): Promise<void>
  /** Of the worker that runs on the data directory. */
  drainStream(loaded: LoadedConfig): Promise<void>
  serve(loaded: LoadedConfig): Promise<void>
  start(loaded: LoadedConfig, how: { demo: boolean | undefined; acceptLoss: boolean }): Promise<void>
}

/** Quality on session files (reprocess/evaluate). */
export interface Evaluation {
  options: Readonly<Record<string, { value?: string; help: string }>>
  run(args: Record<string, any>, output: EvaluationOutput): Promise<void>
}

interface EvaluationOutput {
  print(text: string): void
  progress(label: string, done: number, total: number): void
}

export interface ImportedRecord {
  key: string | Buffer | null
  value: Buffer | null
  timestamp: number
  headers?: Readonly<Record<string, string>>
}

/** The record that asks for an erasure, and the receipt that is made of how far it is. */
export interface ErasingPeople {
  begin(userId: string): { erasureId: string; topic: string; view: string; record: NewRecord }
  receipt(known: KnownOfErasure): ErasureReceipt
}

/** Where rows of a type go. */
export interface RowTopic {
  topic: Topic<any, any>
  keyOf(row: any): string | null
  /** null: a row of this type has no time of its own. */
  timeOf(row: any): number | null
}

/** The bundled shop as history: the same records in the same order, whatever log they go to. */
export interface DemoHistory {
  /** Of its load: on the log, as a producer, and as the key of its note. */
  name: string
  /** Topic of the note. */
  noteTopic: string
  readNote(value: Buffer): DemoNote
  writeNote(note: DemoNote): Buffer
  /** What its times are moved by, so that it ends shortly before `now`. */
  shiftBefore(now: number): number
  /** From behind that position on. */
  batches(from: { shiftMs: number; after: string }): Iterable<DemoRecords> & { rowsTotal: number }
}

export interface DemoRecords {
  topic: string
  records: ImportedRecord[]
  /** Rows of the whole history up to and including these. */
  position: string
}

export interface SchemaVerdict {
  schema: string
  verdict: 'same' | 'compatible' | 'incompatible' | 'new' | 'gone'
  detail: string
}

/** A schema registry with the subjects of this release. */
export interface SubjectRegistry {
  check(): Promise<(SchemaVerdict & { subject: string })[]>
  register(): Promise<(SchemaVerdict & { subject: string; id: number | null })[]>
}
