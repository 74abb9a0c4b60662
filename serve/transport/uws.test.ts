import test from 'ava'
import { chooseTransport } from './choose-transport.ts'
import { transportContract } from './transport-contract.ts'
import { loadUws } from './uws-binding.ts'
import { addressOf } from './uws-request.ts'

/** Set by uws.integration.test.ts, which runs this file with a Node that there is a build of the library for. */
if (process.env.UWS_LIBRARY !== undefined) {
  transportContract(test, await chooseTransport('uws'), {
    queuesRequests: false,
    continuesWhenAdmitted: false,
    timesHeads: false,
    answersMalformed: false
  })
}

test('a library that is not there is told in one sentence, with its cause', async t => {
  const error = await t.throwsAsync(loadUws('no-such-package'), { code: 'transport_unavailable' })
  t.regex(String(error?.message), /^uWebSockets\.js cannot be loaded by Node \S+ on \S+: install .* or set .*\.$/)
  t.truthy(error?.cause)
})

test('addresses are written as node:net writes them', t => {
  t.is(addressOf(Uint8Array.of(127, 0, 0, 1)), '127.0.0.1')
  t.is(addressOf(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1)), '::ffff:10.0.0.1')
  t.is(addressOf(Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)), '2001:db8::1')
  t.is(addressOf(new Uint8Array()), '')
})
