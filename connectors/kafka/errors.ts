import { protocolErrors, protocolErrorsCodesById } from '@platformatic/kafka'
import { MillraceError, type Remedy } from '../../engine/errors.ts'

/** Every foreign error of this folder ends as one of these: `kafka` is the protocol's own name for what happened. */
export class KafkaError extends MillraceError {
  readonly kafka: string

  constructor(verdict: Verdict, message: string, { kafka, cause }: { kafka: string; cause?: unknown }) {
    super(verdict.code, verdict.remedy, message, { cause })
    this.kafka = kafka
  }
}

interface Verdict {
  code: string
  remedy: Remedy
  /** What the operator reads after "while doing this: …". */
  advice: string
}

const verdict = (code: string, remedy: Remedy, advice: string): Verdict => ({ code, remedy, advice })

const moving = verdict(
  'kafka_unavailable',
  'retry',
  'the broker or the leader is moving or restarting; it is tried again'
)
const lost = verdict('kafka_membership_lost', 'restore', 'this worker is no longer a member; it joins again')
const fenced = verdict(
  'fenced',
  'restore',
  'a newer owner of the transactional id exists, or the transaction took too long; membership decides who goes on'
)
const producerLost = verdict(
  'kafka_producer_lost',
  'restore',
  'the broker no longer knows this producer’s transaction; it is aborted and claimed anew'
)
const forbidden = verdict(
  'kafka_forbidden',
  'stop',
  'the access rights do not allow it: compare them with what `millrace doctor --acls` prints'
)
const unsupported = verdict(
  'kafka_version_unsupported',
  'stop',
  'the brokers are too old: 3.2 is the oldest that works'
)
const settings = verdict('kafka_settings', 'stop', 'the broker refuses this setting: correct the configuration')

/** Names as in the protocol guide, "Error Codes". What is not listed follows the guide's `retriable` column. */
const verdicts: Record<string, Verdict> = {
  PRODUCER_FENCED: fenced,
  INVALID_PRODUCER_EPOCH: fenced,
  TRANSACTIONAL_ID_NOT_FOUND: producerLost,
  INVALID_PRODUCER_ID_MAPPING: producerLost,
  INVALID_TXN_STATE: producerLost,
  UNKNOWN_PRODUCER_ID: producerLost,
  OUT_OF_ORDER_SEQUENCE_NUMBER: producerLost,
  TRANSACTION_COORDINATOR_FENCED: producerLost,
  TRANSACTION_ABORTABLE: verdict('kafka_transaction_aborted', 'retry', 'the unit of work is aborted and runs again'),
  UNKNOWN_MEMBER_ID: lost,
  ILLEGAL_GENERATION: lost,
  MEMBER_ID_REQUIRED: verdict('kafka_rebalance', 'retry', 'the broker has given a member id to join with'),
  REBALANCE_IN_PROGRESS: verdict('kafka_rebalance', 'retry', 'the group is sharing out its tasks anew'),
  FENCED_INSTANCE_ID: verdict(
    'kafka_instance_fenced',
    'stop',
    'another process runs under the same worker name: give every worker a name of its own'
  ),
  INCONSISTENT_GROUP_PROTOCOL: verdict(
    'kafka_group_mixed',
    'stop',
    'the group has members of another kind: use another group, or stop the others first'
  ),
  GROUP_MAX_SIZE_REACHED: verdict('kafka_group_full', 'stop', 'the group has reached the broker’s `group.max.size`'),
  INVALID_SESSION_TIMEOUT: settings,
  INVALID_GROUP_ID: settings,
  INVALID_TRANSACTION_TIMEOUT: settings,
  INVALID_CONFIG: settings,
  INVALID_PARTITIONS: settings,
  INVALID_REPLICATION_FACTOR: settings,
  INVALID_REPLICA_ASSIGNMENT: settings,
  INVALID_TOPIC_EXCEPTION: settings,
  INVALID_REQUIRED_ACKS: settings,
  INVALID_REQUEST: settings,
  POLICY_VIOLATION: settings,
  OFFSET_METADATA_TOO_LARGE: settings,
  OFFSET_OUT_OF_RANGE: verdict(
    'offset_out_of_range',
    'stop',
    'the records from this offset on are no longer kept: raise the topic’s retention and replay from the lake'
  ),
  TOPIC_REPLACED: verdict(
    'topic_replaced',
    'restore',
    'the topic was deleted and made anew: what is known of its offsets means nothing in the new one'
  ),
  MESSAGE_TOO_LARGE: verdict('record_too_large', 'stop', 'it is above the topic’s `max.message.bytes`'),
  RECORD_LIST_TOO_LARGE: verdict('record_too_large', 'stop', 'it is above the topic’s `segment.bytes`'),
  INVALID_RECORD: verdict(
    'kafka_record_refused',
    'stop',
    'the topic takes no such record (a compacted one needs keys)'
  ),
  INVALID_TIMESTAMP: verdict('kafka_record_refused', 'stop', 'the topic limits how far timestamps may be from now'),
  TOPIC_ALREADY_EXISTS: verdict('kafka_topic_exists', 'retry', 'another worker created it at the same time'),
  UNSTABLE_OFFSET_COMMIT: verdict('kafka_unstable_offsets', 'retry', 'a transaction on these offsets is still open'),
  CONCURRENT_TRANSACTIONS: verdict('kafka_transaction_ending', 'retry', 'the previous transaction is still ending'),
  SASL_AUTHENTICATION_FAILED: verdict(
    'kafka_login',
    'stop',
    'the broker does not know this user or password: correct `kafka.sasl`'
  ),
  UNSUPPORTED_SASL_MECHANISM: verdict(
    'kafka_login',
    'stop',
    'the broker has no such SASL mechanism: correct `kafka.sasl`'
  ),
  ILLEGAL_SASL_STATE: verdict('kafka_login', 'stop', 'the listener takes no SASL: correct `kafka.sasl` or the port'),
  TOPIC_AUTHORIZATION_FAILED: forbidden,
  GROUP_AUTHORIZATION_FAILED: forbidden,
  CLUSTER_AUTHORIZATION_FAILED: forbidden,
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: forbidden,
  UNSUPPORTED_VERSION: unsupported,
  UNSUPPORTED_FOR_MESSAGE_FORMAT: unsupported,
  UNSUPPORTED_COMPRESSION_TYPE: verdict('kafka_settings', 'stop', 'the topic takes no such compression'),
  KAFKA_STORAGE_ERROR: moving,
  NETWORK: moving,
  TIMEOUT: verdict('kafka_unavailable', 'retry', 'no answer in time; it is tried again'),
  CLOSED: verdict('kafka_closed', 'retry', 'the client was closed meanwhile'),
  BACKLOG: verdict('kafka_backlog', 'retry', 'too many requests wait for this broker'),
  TLS: verdict('kafka_tls', 'stop', 'the TLS handshake failed: check `kafka.tls`, the port and the certificates'),
  UNREADABLE: verdict(
    'kafka_unreadable',
    'retry',
    'the answer is not what the protocol says; the connection is renewed'
  ),
  CORRUPT_MESSAGE: verdict('kafka_unreadable', 'retry', 'the bytes were damaged on the way; they are sent again')
}

const unknownRefusal = verdict('kafka_refused', 'stop', 'the broker refuses it')

/** What a broker answered with one of its error codes. `doing` completes "Kafka: … ." */
export function refusal(code: number, doing: string, cause?: unknown): KafkaError {
  const name = protocolErrorsCodesById[code] ?? `UNKNOWN_${code}`
  return kafkaError(name, doing, cause)
}

export function kafkaError(kafka: string, doing: string, cause?: unknown): KafkaError {
  const known = verdicts[kafka] ?? (isRetriable(kafka) ? moving : unknownRefusal)
  return new KafkaError(known, `Kafka, ${doing}: ${known.advice} (${kafka}).`, { kafka, cause })
}

function isRetriable(kafka: string): boolean {
  return (protocolErrors as Record<string, { canRetry?: boolean }>)[kafka]?.canRetry === true
}

/** Translates whatever the protocol layer, the sockets or our own code threw; the only place that knows foreign errors. */
export function translated(error: unknown, doing: string): MillraceError {
  if (error instanceof MillraceError) return error
  return kafkaError(nameOf(error), doing, error)
}

interface Foreign {
  code?: unknown
  apiId?: unknown
  errors?: unknown
  cause?: unknown
}

const tlsCodes = /^(ERR_SSL|ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO)/
const loginCode = 'PLT_KFK_AUTHENTICATION'

/** The protocol's name of an error, as deep as the library has wrapped it. */
function nameOf(error: unknown): string {
  const chain = [...unwrapped(error)]
  const answered = chain.find(({ apiId }) => typeof apiId === 'string')
  if (answered) return answered.apiId as string
  const codes = chain.map(({ code }) => String(code ?? ''))
  if (codes.includes(loginCode)) return 'SASL_AUTHENTICATION_FAILED'
  if (codes.some(code => tlsCodes.test(code))) return 'TLS'
  if (codes.includes('PLT_KFK_USER')) return 'TLS'
  if (codes.some(code => code === 'PLT_KFK_NETWORK' || /^E[A-Z]+$/.test(code))) return 'NETWORK'
  return 'UNREADABLE'
}

function* unwrapped(error: unknown, depth = 0): Generator<Foreign> {
  if (typeof error !== 'object' || error === null || depth > 6) return
  const { errors, cause } = error as Foreign
  yield error
  if (Array.isArray(errors)) for (const one of errors) yield* unwrapped(one, depth + 1)
  yield* unwrapped(cause, depth + 1)
}

/** The answer that came with an error, where the library threw although part of it is good. */
export function responseOf<T>(error: unknown): T | undefined {
  return (error as { response?: T } | null)?.response
}

export function isKafka(error: unknown, ...names: string[]): boolean {
  return error instanceof KafkaError && names.includes(error.kafka)
}
