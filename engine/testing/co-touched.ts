import {
  type Id,
  jsonCodec,
  numberCodec,
  poison,
  processor,
  table,
  topic,
  topology,
  type ValueCodec,
  value,
  view
} from '../index.ts'

/** A small pair of topologies that tests run on every log: a repartition, a table, a view, an output and a poison. */

export type User = Id<'user'>
export type Item = Id<'item'>

function json<T>(): ValueCodec<T> {
  return {
    encode: value => Buffer.from(JSON.stringify(value)),
    decode: bytes => {
      try {
        return JSON.parse(bytes.toString()) as T
      } catch (error) {
        throw poison('bad_json', 'Not JSON.', error)
      }
    }
  }
}

export interface Touch {
  item: string
  /** Where it matters that each comes through once. */
  n?: number
}

interface Neighbours {
  recent: string[]
  /** Touches in this partition until then, this one included. */
  seen: number
}

type Emit<K extends string, V> = (key: K, value: V) => void
type Touched = { key: User; value: Touch; timestamp: number }

const recentMax = 3
const remindAfterMs = 30_000
const graceMs = 20_000
const neighboursMax = 4

const pairRecent = () =>
  processor({
    name: 'pair-recent',
    state: { recent: value(jsonCodec<string[]>()) },
    process({ value }: Touched, state, emit: Emit<Item, { companion: string }>) {
      if (value.item === 'poison') throw poison('sour', 'This item is sour.')
      const recent = state.recent.get() ?? []
      if (recent.includes(value.item)) return
      for (const other of recent) {
        emit(other as Item, { companion: value.item })
        emit(value.item as Item, { companion: other })
      }
      state.recent.set([...recent, value.item].slice(-recentMax))
    }
  })

const countPairs = () =>
  processor({
    name: 'count-pairs',
    state: { counts: table(numberCodec) },
    process({ value }: { key: Item; value: { companion: string }; timestamp: number }, state) {
      state.counts.set(value.companion, (state.counts.get(value.companion) ?? 0) + 1)
    },
    view: (_key: Item, state) => Object.fromEntries([...state.counts.entries()].sort(([a], [b]) => (a < b ? -1 : 1)))
  })

/** Says, some time after a touch, how many there were until then: stream time and timers decide what it says. */
const remindLater = () =>
  processor({
    name: 'remind-later',
    graceMs,
    state: { touched: value(numberCodec) },
    process({ timestamp }: Touched, { touched, timers }) {
      touched.set((touched.get() ?? 0) + 1)
      timers.at(timestamp + remindAfterMs)
    },
    onTimer({ key }, { touched }, emit: Emit<User, { touched: number }>) {
      emit(key as User, { touched: touched.get() ?? 0 })
    }
  })

/** Says what was last touched in the same partition, by whomever: the order of everything before decides what it says. */
const noteNeighbours = () =>
  processor({
    name: 'note-neighbours',
    state: {},
    index: {
      create: () => ({ recent: [] as string[], seen: 0 }),
      apply(index, { value }: Touched) {
        index.recent = [...index.recent, value.item].slice(-neighboursMax)
        index.seen++
      }
    },
    process({ key, value }: Touched, _state, emit: Emit<User, Neighbours>, index) {
      if (value.item === 'shy') throw poison('shy', 'This item has no neighbours.')
      emit(key, { recent: index.recent, seen: index.seen })
    }
  })

/** Topics and topologies of one test; on a log that tests share, their names carry a prefix. */
export function coTouchedShop(prefix = '') {
  const touches = topic<User, Touch>(`${prefix}touches`, { value: json() })
  const pairs = topic<Item, { companion: string }>('pairs', { value: json() })
  const loud = topic<User, Touch>(`${prefix}loud`, { value: json() })
  const reminders = topic<User, { touched: number }>(`${prefix}reminders`, { value: json() })
  const neighbours = topic<User, Neighbours>(`${prefix}neighbours`, { value: json() })
  const companions = view<Item, Record<string, number>>('companions', { value: json(), equality: 'exact' })
  const coTouched = () =>
    topology('co-touched').from(touches).process(pairRecent()).through(pairs).process(countPairs()).to(companions)
  const shout = () =>
    topology('shout')
      .from(touches)
      .map('upper', ({ key, value }) => ({ key, value: { ...value, item: value.item.toUpperCase() } }))
      .to(loud)
  const remind = () => topology('remind').from(touches).process(remindLater()).to(reminders)
  const nearby = () => topology('nearby').from(touches).process(noteNeighbours()).to(neighbours)
  return { touches, loud, reminders, neighbours, companions, coTouched, shout, remind, nearby }
}

/** The same touches for the same count, one user after the other in a fixed shuffle. */
export function seededTouches(count: number, users = 9, items = 12): { key: User; item: string; timestamp: number }[] {
  let seed = 7
  const next = (n: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
    return (seed >>> 8) % n
  }
  return Array.from({ length: count }, (_, i) => ({
    key: `u${next(users)}` as User,
    item: `i${next(items)}`,
    timestamp: i * 1000
  }))
}
