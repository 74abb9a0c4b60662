import test from 'ava'
import { ByteReader, ByteWriter } from '../engine/bytes.ts'
import { addHistory, featuresOf, nobody, type UserState, worthAt } from './user-state.ts'
import { userStateCodec } from './user-state-codec.ts'

let seed = 11
const random = (below: number) => {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
  return (seed >> 8) % below
}

function somebody(): UserState {
  const user = nobody()
  worthAt(user, 1_300_000_000_000 + random(1e9))
  user.consent = [null, true, false][random(3)]
  user.country = [null, 'GB', 'Österreich'][random(3)]
  for (let i = random(9); i > 0; i--) user.categories[`c${random(5)}`] = random(100) / 7
  for (let i = random(9); i > 0; i--) user.seen[`i${random(5)}`] = user.asOf - random(1e9)
  for (let i = random(40); i > 0; i--) {
    if (random(4) > 0) user.bought.note(`i${random(9)}`, [user.asOf + random(1e6)])
    else user.bought.takeBack(`i${random(9)}`, user.asOf)
  }
  Object.assign(user, { orders: random(9) - 2, monetary: random(1e6) / 100, frequency: random(99) / 13 })
  if (random(3) === 0) user.forgottenUntil = random(1e9)
  if (random(3) === 0) user.mergedInto = 'u1'
  for (let i = random(3); i > 0; i--) user.others.push({ id: `d${i}`, since: random(1e9) })
  return user
}

const plain = (user: UserState) => JSON.parse(JSON.stringify(user))

test('what is read is what was written', t => {
  for (let i = 0; i < 300; i++) {
    const user = somebody()
    const out = new ByteWriter()
    userStateCodec.write(out, user)
    const input = new ByteReader(out.copy())
    t.deepEqual(plain(userStateCodec.read(input)), plain(user))
    t.true(input.isAtEnd)
  }
})

test('users that were stored as JSON are read', t => {
  const user = somebody()
  user.others = []
  const { others: _, ...older } = user
  const stored = new ByteReader(Buffer.from(JSON.stringify(older)))
  const read = userStateCodec.readOlder?.(1, stored) as UserState
  t.deepEqual(plain(read), plain(user))
  t.deepEqual(featuresOf(read), featuresOf(user))
})

test('users that were stored before merged ids were kept are read', t => {
  const user = { ...somebody(), others: [] }
  const out = new ByteWriter()
  userStateCodec.write(out, user)
  const bytes = out.copy()
  const input = new ByteReader(bytes.subarray(0, bytes.length - 1))
  t.deepEqual(plain(userStateCodec.readOlder?.(2, input) as UserState), plain(user))
  t.true(input.isAtEnd)
})

test('history that is handed on counts what was bought, also beyond the times that are kept', t => {
  const [user, other] = [nobody(), nobody()]
  for (let i = 1; i <= 12; i++) other.bought.note('tea', [i])
  user.bought.note('tea', [100])
  addHistory(user, plain(other), 'ann')
  t.deepEqual(user.bought.toJSON(), { tea: { times: [100, 12, 11, 10, 9, 8, 7, 6], count: 13 } })
})
