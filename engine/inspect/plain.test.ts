import test from 'ava'
import type { ByteWriter } from '../bytes.ts'
import { plain } from './plain.ts'

test('the order of keys, of a map and of a set does not show', t => {
  const a = {
    b: new Map([
      ['x', 1],
      ['a', 2]
    ]),
    a: new Set([2, 1])
  }
  const b = {
    a: new Set([1, 2]),
    b: new Map([
      ['a', 2],
      ['x', 1]
    ])
  }
  t.is(JSON.stringify(plain(a)), JSON.stringify(plain(b)))
  t.is(JSON.stringify(plain(a)), '{"a":[1,2],"b":{"a":2,"x":1}}')
})

test('numbers are rounded where asked for, whole ones never; what JSON lacks is text', t => {
  t.deepEqual(plain([1 / 3, 123456, 0.001239, Number.NaN, -0, 2n ** 60n, undefined], 2), [
    0.33,
    123456,
    0.0012,
    'NaN',
    0,
    '1152921504606846976',
    null
  ])
})

test('bytes are base64, other columns lists', t => {
  t.deepEqual(plain([Buffer.from('ab'), new Float64Array([1.5, 2])]), ['YWI=', [1.5, 2]])
})

test('a class tells its content by toJSON, else by its bytes, never by what happens to be public', t => {
  class Told {
    #items = ['b', 'a']
    numbers = 7
    toJSON = () => this.#items.toSorted()
  }
  class Private {
    readonly #content: number
    constructor(content: number) {
      this.#content = content
    }
    write(out: ByteWriter) {
      out.u8(this.#content)
    }
  }
  t.deepEqual(plain(new Told()), ['a', 'b'])
  t.not(plain(new Private(1)), plain(new Private(2)))
})
