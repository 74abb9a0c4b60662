import type { Codec } from './codec.ts'
import type { Rec } from './record.ts'
import type { Equality } from './topic.ts'

/** One value per key. */
export interface ValueState<T> {
  kind: 'value'
  codec: Codec<T>
  ttlMs?: number
  equality: Equality
}

/**
 * Many rows under a key. `packed`: the rows are one stored value, right for bounded lists up to about 8 KiB. `rows`: each
 * row is stored by itself; loaded by range at the key's first use, only changed rows are written. A processor cannot tell.
 */
export interface TableState<T> {
  kind: 'table'
  codec: Codec<T>
  layout: 'packed' | 'rows'
  ttlMs?: number
  equality: Equality
}

export type StateSpec = Record<string, ValueState<any> | TableState<any>>

interface StateOptions {
  /** Forget the key this long after its last record, by the records' own times. */
  ttlMs?: number
  /** How two runs may differ (DESIGN 7). Default `exact`. */
  equality?: Equality
}

export function value<T>(codec: Codec<T>, options: StateOptions = {}): ValueState<T> {
  return { kind: 'value', codec, equality: 'exact', ...options }
}

export function table<T>(codec: Codec<T>, options: StateOptions & { layout?: 'packed' | 'rows' } = {}): TableState<T> {
  return { kind: 'table', codec, layout: 'packed', equality: 'exact', ...options }
}

export interface ValueHandle<T> {
  get(): T | undefined
  /** Also after changing the value in place: what is not set is not written. */
  set(value: T): void
  delete(): void
}

export interface TableHandle<T> {
  get(row: string): T | undefined
  /** Also after changing the row in place. */
  set(row: string, value: T): void
  delete(row: string): void
  /** In order of insertion since the key was loaded; ascending by row key after a load. Sort before you depend on it. */
  entries(): Iterable<[string, T]>
  clear(): void
  readonly size: number
}

export interface Timers {
  /** Calls `onTimer` for this key once stream time reaches `timestamp` (ms); the same time twice fires once. */
  at(timestamp: number): void
}

/** Counts for telemetry only (`millrace_<name>_total`); a processor never reads them, an aborted unit does not count. */
export interface Counters {
  add(name: 'duplicates' | 'filtered', count?: number): void
}

/**
 * State kept in memory only, fed by the engine with the step's input in offset order, each record right before `process`
 * sees it, and rebuilt from the topic at start and after an aborted unit.
 */
export interface IndexSpec<I, K extends string = any, V = any> {
  create(): I
  apply(index: I, record: Rec<K, V>, offset: number): void
}

type HandleOf<S> =
  S extends ValueState<infer T> ? ValueHandle<T> : S extends TableState<infer T> ? TableHandle<T> : never

export type Handles<S extends StateSpec> = { readonly [Name in keyof S]: HandleOf<S[Name]> } & {
  readonly timers: Timers
  readonly counters: Counters
}

/** Hands a record to the next step. Its time is the time of the record being processed unless given. */
export type Emit<K extends string, V> = (key: K, value: V, timestamp?: number) => void

/**
 * One step of thought. Pure: sees the record and this key's state, has no clock, no dice and no I/O, so that a replay
 * gives the same answer.
 */
export interface Processor<
  K extends string,
  In,
  OutK extends string = never,
  Out = never,
  View = never,
  S extends StateSpec = any,
  I = any
> {
  name: string
  /** Part of the state's contract: raise it when the same records should now give other state (`diff`: needs replay). */
  version?: number
  state: S
  /**
   * All records share the state of this key, whatever their own: for a learner, which reads a topic of one partition and
   * keeps one thing.
   */
  stateKey?: string
  index?: IndexSpec<I, K, In>
  /**
   * Records older than stream time by more than this are late: counted, and never given to `process`. Needed where a
   * state has a TTL, since expired state is deleted `ttlMs + graceMs` behind stream time. Default: never late, and a
   * TTL then only hides, never deletes.
   */
  graceMs?: number
  process(record: Rec<K, In>, state: Handles<S>, emit: Emit<OutK, Out>, index: I): void
  onTimer?(timer: { key: K; timestamp: number }, state: Handles<S>, emit: Emit<OutK, Out>): void
  /** What `.to(view)` publishes for a key after a unit that changed it: a pure function of the state; null = a tombstone. */
  view?(key: K, state: Handles<S>): View | null
}

export function processor<
  K extends string,
  In,
  OutK extends string = never,
  Out = never,
  View = never,
  S extends StateSpec = any,
  I = any
>(spec: Processor<K, In, OutK, Out, View, S, I>): Processor<K, In, OutK, Out, View, S, I> {
  return spec
}
