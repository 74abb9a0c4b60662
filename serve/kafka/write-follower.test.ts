import test from 'ava'
import { WriteFollower } from './write-follower.ts'
import { type Flow, WritePaths } from './write-path.ts'

/** events → acts → rows (a view), and a topic that leads back to itself. */
const flow: Flow = {
  derived: new Map([
    ['events', ['acts', 'unread']],
    ['acts', ['rows', 'changes']],
    ['changes', ['changes', 'rows']]
  ]),
  views: [
    { topic: 'rows', partition: 0 },
    { topic: 'rows', partition: 1 }
  ]
}
const offsets = (all: Record<string, number[]>) =>
  new Map(Object.entries(all).map(([topic, each]) => [topic, new Map(each.map((offset, i) => [i, offset]))]))
const write = new Map([['events', new Map([[1, 5]])]])

test('a write is seen when the group is past it, past all that came of it, and the views are past theirs', t => {
  const follower = new WriteFollower(new WritePaths(flow), write)
  follower.advance(offsets({ events: [0, 4] }), offsets({ events: [0, 5], acts: [7], rows: [3, 3] }))
  t.false(follower.isSeen([99, 99]), 'the write itself')
  follower.advance(offsets({ events: [0, 5], acts: [7] }), offsets({ events: [0, 5], acts: [8], rows: [3, 3] }))
  t.false(follower.isSeen([99, 99]), 'what came of it')
  follower.advance(offsets({ events: [0, 5], acts: [8] }), offsets({ events: [0, 5], acts: [8], rows: [4, 3] }))
  t.false(follower.isSeen([3, 3]), 'the rows')
  t.true(follower.isSeen([4, 3]))
})

test('where nothing is under way one look at the log is enough', t => {
  const follower = new WriteFollower(new WritePaths(flow), write)
  const ends = offsets({ events: [9, 9], acts: [4], changes: [2], rows: [6, 6] })
  t.is(follower.advance(ends, ends), 'under way')
  t.true(follower.isSeen([6, 6]))
})

test('later writes of others are not waited for', t => {
  const follower = new WriteFollower(new WritePaths(flow), write)
  follower.advance(offsets({ events: [0, 5] }), offsets({ events: [0, 5], acts: [8], rows: [1, 1] }))
  const committed = offsets({ events: [0, 5], acts: [8], changes: [0] })
  follower.advance(committed, offsets({ events: [0, 50], acts: [90], changes: [0], rows: [2, 1] }))
  t.true(follower.isSeen([2, 1]))
})

test('a topic that leads back to itself is followed once more, not for ever', t => {
  const follower = new WriteFollower(new WritePaths(flow), write)
  const at = (changes: number) => offsets({ events: [0, 5], acts: [8], changes: [changes], rows: [1, 1] })
  follower.advance(at(0), at(1))
  follower.advance(at(1), at(2))
  t.false(follower.isSeen([1, 1]))
  follower.advance(at(2), at(3))
  t.true(follower.isSeen([1, 1]))
})

test('a position behind the end of its topic is not of this log', t => {
  const follower = new WriteFollower(new WritePaths(flow), write)
  t.is(follower.advance(offsets({}), offsets({ events: [0, 4] })), 'unknown')
})

test('all that is there means what the topic holds when it is asked about', t => {
  const follower = new WriteFollower(new WritePaths(flow), new Map([['events', null]]))
  follower.advance(offsets({ events: [3, 3] }), offsets({ events: [3, 4], acts: [0], rows: [0, 0] }))
  t.false(follower.isSeen([0, 0]))
  const now = offsets({ events: [3, 4], acts: [0], rows: [0, 0] })
  follower.advance(now, now)
  t.true(follower.isSeen([0, 0]))
})

test('a topic that several ways lead to is looked at when the longest one has been gone', t => {
  const long: Flow = {
    derived: new Map([
      ['events', ['counts', 'acts']],
      ['acts', ['counts', 'baskets']],
      ['baskets', ['counts']],
      ['counts', ['rows']]
    ]),
    views: [{ topic: 'rows', partition: 0 }]
  }
  const follower = new WriteFollower(new WritePaths(long), write)
  const look = (committed: Record<string, number[]>, ends: Record<string, number[]>) =>
    follower.advance(offsets({ events: [0, 5], ...committed }), offsets({ events: [0, 5], ...ends }))
  look({ acts: [0], baskets: [0], counts: [1] }, { acts: [1], baskets: [0], counts: [1], rows: [1] })
  look({ acts: [1], baskets: [0], counts: [2] }, { acts: [1], baskets: [1], counts: [2], rows: [2] })
  t.false(follower.isSeen([9]), 'a basket is under way')
  look({ acts: [1], baskets: [1], counts: [2] }, { acts: [1], baskets: [1], counts: [3], rows: [2] })
  t.false(follower.isSeen([9]), 'what came of the basket is under way')
  look({ acts: [1], baskets: [1], counts: [3] }, { acts: [1], baskets: [1], counts: [3], rows: [3] })
  t.false(follower.isSeen([2]))
  t.true(follower.isSeen([3]))
})

test('only what a write leads to is waited for', t => {
  const views = [...flow.views, { topic: 'others', partition: 0 }]
  const follower = new WriteFollower(new WritePaths({ ...flow, views }), write)
  const ends = offsets({ events: [9, 9], acts: [4], changes: [2], rows: [6, 6], others: [7] })
  follower.advance(ends, ends)
  t.true(follower.isSeen([6, 6, 0]))
})
