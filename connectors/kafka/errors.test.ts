import { NetworkError, ResponseError, TimeoutError } from '@platformatic/kafka'
import test from 'ava'
import { stop } from '../../engine/errors.ts'
import { refusal, translated } from './errors.ts'

const answered = (code: number) => new ResponseError(0, 9, { '/responses/0': [code, null] }, {})

for (const [error, code, remedy] of [
  [answered(90), 'fenced', 'restore'],
  [answered(47), 'fenced', 'restore'],
  [answered(22), 'kafka_membership_lost', 'restore'],
  [answered(25), 'kafka_membership_lost', 'restore'],
  [answered(82), 'kafka_instance_fenced', 'stop'],
  [answered(27), 'kafka_rebalance', 'retry'],
  [answered(1), 'offset_out_of_range', 'stop'],
  [answered(6), 'kafka_unavailable', 'retry'],
  [answered(16), 'kafka_unavailable', 'retry'],
  [answered(19), 'kafka_unavailable', 'retry'],
  [answered(10), 'record_too_large', 'stop'],
  [answered(29), 'kafka_forbidden', 'stop'],
  [answered(50), 'kafka_settings', 'stop'],
  [answered(48), 'kafka_producer_lost', 'restore'],
  [answered(51), 'kafka_transaction_ending', 'retry'],
  [answered(88), 'kafka_unstable_offsets', 'retry'],
  [new NetworkError('gone'), 'kafka_unavailable', 'retry'],
  [new TimeoutError('late'), 'kafka_unavailable', 'retry'],
  [
    new NetworkError('refused', { cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }) }),
    'kafka_unavailable',
    'retry'
  ],
  [
    new NetworkError('refused', { cause: Object.assign(new Error('x'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' }) }),
    'kafka_tls',
    'stop'
  ],
  [new TypeError('garbage'), 'kafka_unreadable', 'retry']
] as const) {
  test(`${JSON.stringify((error as { errors?: { apiId?: string }[] }).errors?.[0]?.apiId ?? error.message)} is ${code}, remedy ${remedy}`, t => {
    const ours = translated(error, 'trying')
    t.deepEqual([ours.code, ours.remedy], [code, remedy])
    t.is(ours.cause, error)
    t.regex(ours.message, /^Kafka, trying: .*\.$/)
  })
}

test('an error of ours is not translated again', t => {
  const ours = stop('disk_full', 'The disk is full.')
  t.is(translated(ours, 'trying'), ours)
})

test('a code that this client does not know stops, and names the number', t => {
  const { code, message } = refusal(9999, 'trying')
  t.is(code, 'kafka_refused')
  t.regex(message, /9999/)
})
