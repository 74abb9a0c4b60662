import test from 'ava'
import fc from 'fast-check'
import { assignTasks, type Candidate } from './assignor.ts'

const seed = Number(process.env.SEED ?? 20_240_101)
const tasks = (count: number, name = 'count') => Array.from({ length: count }, (_, i) => `${name}/${i}`)

const member = (name: string, owned: readonly string[] = [], standbys: [string, number][] = []): Candidate => ({
  memberId: `${name}-id`,
  name,
  owned,
  standbys: new Map(standbys),
  generation: 1
})

const shares = (assigned: ReturnType<typeof assignTasks>) =>
  Object.fromEntries([...assigned].map(([id, share]) => [id.replace('-id', ''), share.tasks]))

test('the first worker runs everything, the second takes half of it', t => {
  t.deepEqual(shares(assignTasks(tasks(4), [member('a')])), { a: tasks(4) })
  const both = shares(assignTasks(tasks(4), [member('a', tasks(4)), member('b')]))
  t.deepEqual(both, { a: ['count/0', 'count/1'], b: ['count/2', 'count/3'] })
})

test('an even share moves nothing, whatever the order of members', t => {
  const [a, b] = [member('a', ['count/1', 'count/2']), member('b', ['count/0', 'count/3'])]
  const kept = { a: ['count/1', 'count/2'], b: ['count/0', 'count/3'] }
  t.deepEqual(shares(assignTasks(tasks(4), [a, b])), kept)
  t.deepEqual(shares(assignTasks(tasks(4), [b, a])), kept)
})

test('a task without an owner goes where its state is, the freshest copy first', t => {
  const a = member('a', ['count/0'], [['count/3', 500]])
  const b = member('b', ['count/1'], [['count/3', 2]])
  const c = member('c', ['count/2'])
  t.deepEqual(shares(assignTasks(tasks(4), [a, b, c])).b, ['count/1', 'count/3'])
})

test('of two that claim a task the younger assignment is right', t => {
  const old = { ...member('a', ['count/0', 'count/1']), generation: 3 }
  const young = { ...member('b', ['count/0']), generation: 4 }
  t.deepEqual(shares(assignTasks(tasks(2), [old, young])), { a: ['count/1'], b: ['count/0'] })
})

test('kinds of tasks are spread, not only their number', t => {
  const assigned = assignTasks([...tasks(2, 'fold'), ...tasks(2, 'rank')], [member('a'), member('b')])
  for (const { tasks } of assigned.values()) t.deepEqual(new Set(tasks.map(task => task.split('/')[0])).size, 2)
})

test('a standby is never with its task, and stays where it is', t => {
  const first = assignTasks(tasks(4), [member('a'), member('b'), member('c')], 1)
  const again = assignTasks(
    tasks(4),
    [...first].map(([id, { tasks, standbys }]) =>
      member(
        id.replace('-id', ''),
        tasks,
        standbys.map(task => [task, 0])
      )
    ),
    1
  )
  t.deepEqual(again, first)
  for (const { tasks, standbys } of first.values()) t.false(standbys.some(task => tasks.includes(task)))
  t.deepEqual([...first.values()].flatMap(({ standbys }) => standbys).sort(), tasks(4))
})

test('every task has one owner, shares differ by one at most, and no more moves than must', t => {
  t.log(`seed ${seed}`)
  const group = fc.record({
    count: fc.integer({ min: 0, max: 40 }),
    members: fc.integer({ min: 1, max: 9 }),
    owners: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 40, maxLength: 40 })
  })
  const property = fc.property(group, ({ count, members, owners }) => {
    const owned = (m: number) => tasks(count).filter((_, i) => owners[i] === m)
    const candidates = Array.from({ length: members }, (_, m) => member(`m${m}`, owned(m)))
    const assigned = [...assignTasks(tasks(count), candidates).values()].map(({ tasks }) => tasks)
    const sizes = assigned.map(list => list.length)
    const most = Math.ceil(count / members)
    const extra = count % members
    // Members in the order of how much they had: `extra` of them may keep one more than the rest.
    const had = Array.from({ length: members }, (_, m) => owned(m).length).sort((a, b) => b - a)
    const least = Math.floor(count / members)
    const keepable = had.reduce((sum, n, i) => sum + Math.min(n, extra > 0 && i < extra ? most : least), 0)
    const kept = assigned.reduce((sum, list, m) => sum + list.filter(task => owned(m).includes(task)).length, 0)
    return (
      assigned.flat().sort().join() === tasks(count).sort().join() &&
      Math.max(...sizes) - Math.min(...sizes) <= 1 &&
      kept >= keepable
    )
  })
  t.notThrows(() => fc.assert(property, { seed, numRuns: 500 }))
})
