/** How the values of a topic are laid out on the log. Bad bytes throw with a `skip` code and become dead letters. */
export interface ValueCodec<V> {
  /** What a processor emits is copied at once, so that its bytes need to hold until the next call only; a view's are kept. */
  encode(value: V): Buffer
  decode(bytes: Buffer): V
}

export interface TopicOptions<V> {
  value: ValueCodec<V>
  /** Fixed number of partitions; default: the deployment's. */
  partitions?: number
  /** `delete` keeps by time and size, `compact` keeps the last value of a key. Default `delete`. */
  cleanup?: 'delete' | 'compact'
  retentionMs?: number
  retentionBytes?: number
  /** On Kafka an operator may let records go earlier. What is older than that is not to be appended. */
  mayKeepLess?: boolean
  /** Largest key + value; checked when emitted. Default 1 MiB. */
  recordBytesMax?: number
  /** Event time of a record, where the value carries it; default: the record's own timestamp. */
  timestampOf?: (value: V) => number
}

/** A named stream of records with key brand `K`. `kind` decides what `.to()` writes: emitted records, or the view. */
export interface Topic<K extends string, V, Kind extends 'stream' | 'view' = 'stream'> extends TopicOptions<V> {
  readonly name: string
  readonly kind: Kind
  readonly cleanup: 'delete' | 'compact'
  readonly recordBytesMax: number
  /** Only for the compiler. */
  readonly keyBrand?: K
}

/** How two runs of a store or view may differ (DESIGN 7). */
export type Equality = 'exact' | 'order' | { tolerance: number }

export interface ViewTopic<K extends string, V> extends Topic<K, V, 'view'> {
  readonly equality: Equality
}

const mebibyte = 1 << 20

export function topic<K extends string, V>(name: string, options: TopicOptions<V>): Topic<K, V> {
  return { cleanup: 'delete', recordBytesMax: mebibyte, ...options, name, kind: 'stream' }
}

/** A compacted topic that holds the last value per key of a processor's view. */
export function view<K extends string, V>(
  name: string,
  options: Omit<TopicOptions<V>, 'cleanup'> & { equality: Equality }
): ViewTopic<K, V> {
  return { recordBytesMax: mebibyte, ...options, cleanup: 'compact', name, kind: 'view' }
}
