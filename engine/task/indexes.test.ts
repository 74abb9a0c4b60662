import test from 'ava'
import { type Id, poison, processor, type Rec, topic, topology } from '../index.ts'
import { MemoryStore } from '../stores/memory-store.ts'
import { driveTopology } from '../testing/drive-topology.ts'

type User = Id<'user'>

const bought = topic<User, string>('bought', {
  value: {
    encode: item => Buffer.from(item),
    decode(bytes) {
      if (bytes.toString() === 'sour') throw poison('sour', 'This item is sour.')
      return bytes.toString()
    }
  }
})
const buyers = topic<User, string>('buyers', {
  value: { encode: users => Buffer.from(users), decode: bytes => bytes.toString() }
})

/** Who has bought something? A tombstone forgets a user. */
const noteBuyers = () =>
  topology('note-buyers')
    .from(bought)
    .process(
      processor({
        name: 'note-buyers',
        state: {},
        index: {
          create: () => new Set<User>(),
          apply: (users: Set<User>, { key, value }: Rec<User, string>) =>
            void (value === null ? users.delete(key) : users.add(key))
        },
        process({ key }: Rec<User, string>, _state, emit: (key: User, users: string) => void, users) {
          emit(key, [...users].join())
        }
      })
    )
    .to(buyers)

test('an index that is rebuilt has seen the tombstones, and no dead letters, as the one before it had', t => {
  const store = new MemoryStore()
  const driver = driveTopology(noteBuyers(), { store })
  driver.feed(bought, 'ann' as User, 'tea', 1)
  driver.feed(bought, 'bob' as User, 'tea', 2)
  driver.feed(bought, 'ann' as User, null, 3)
  driver.feed(bought, 'cid' as User, 'sour', 4)
  driver.feed(bought, 'dan' as User, 'tea', 5)
  const restarted = driveTopology(noteBuyers(), { store })
  restarted.feed(bought, 'eve' as User, 'tea', 6)
  t.deepEqual(
    restarted.outputs(buyers).map(({ value }) => value),
    ['ann', 'ann,bob', 'bob', 'bob,dan', 'bob,dan,eve']
  )
})
