import type { Headers } from '../record.ts'

/** What other threads ask of the stream thread, the only writer. Every request is answered, in order, by its `id`. */
export type StreamRequest =
  | {
      type: 'append'
      id: number
      topic: string
      /** `packRecords` */
      records: Uint8Array<ArrayBuffer>
      headers?: Headers
      partition?: number
      producer?: { name: string; to: string }
      /** Answered only when the stream is not far behind: the sender's back-pressure. */
      paced?: boolean
    }
  /** Bulk load `name` is over: its history is closed. */
  | { type: 'end-history'; id: number; name: string }
  /** Process all that has arrived and commit it. */
  | { type: 'flush'; id: number }
  /** Commit and end. */
  | { type: 'stop'; id: number }
  /** A commit message of so many bytes has been applied: its credit is back. */
  | { type: 'applied'; bytes: number }

export type StreamReply =
  | { type: 'done'; id: number; commit: number }
  | { type: 'failed'; id: number; code: string; message: string }

/** Rows of one store or view, and the bytes of their keys and values as they are stored, before compression. */
export type StoreSize = [store: string, keys: number, bytes: number]

/** Counts since the thread started. */
export interface StreamCounts {
  processed: [step: string, records: number][]
  deadLetters: [topologyAndCode: string, records: number][]
  late: number
  duplicates: number
  filtered: number
  commits: number
  commitMs: number
  aborts: number
  lag: [topology: string, topic: string, partition: number, records: number][]
  cacheBytes: number
  /** Garbage collections of the thread above 20 ms. */
  gcPauses: number
  /** Of the stores that were counted since the last report: `StoreWalk`. */
  sizes: StoreSize[]
}

export type StreamEvent =
  | StreamReply
  | { type: 'started'; commit: number }
  | {
      type: 'committed'
      commit: number
      /** Every write up to this one has reached every view. */
      fresh: number
      /** `packChanges`; empty when only `fresh` moved. */
      changes: Uint8Array<ArrayBuffer>
      /** How long the commit took, ms. */
      tookMs: number
    }
  | { type: 'counts'; counts: StreamCounts }
  /** The thread ends: a human must act. */
  | { type: 'fatal'; code: string; message: string }
