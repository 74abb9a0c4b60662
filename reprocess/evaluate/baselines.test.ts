import test from 'ava'
import { ItemIds } from '../../recommend/session-index/item-ids.ts'
import { methodOf } from './methods.ts'

const seed = 20250815
const itemsInAll = 40
const ids = new ItemIds()
for (let item = 0; item < itemsInAll; item++) ids.add(`${item}`)

function random(state: number): () => number {
  let s = state
  return () => {
    s = (Math.imul(s, 1103515245) + 12345) >>> 0
    return (s >>> 8) / 2 ** 24
  }
}

/** More sessions than a method keeps of one item, in which some items are frequent, the larger numbers, and some come twice. */
const next = random(seed)
const sessions = Array.from({ length: 1500 }, () =>
  Array.from({ length: 1 + Math.floor(next() * 5) }, () => itemsInAll - 1 - Math.floor(next() ** 4 * itemsInAll))
)
const questions = Array.from({ length: 40 }, () =>
  Array.from({ length: 1 + Math.floor(next() * 16) }, () => itemsInAll - 1 - Math.floor(next() ** 2 * itemsInAll))
)

function listsOf(name: string): number[][] {
  const method = methodOf(name, ids, { isStatic: true, profile: 'fast' })
  for (const [s, items] of sessions.entries()) {
    const session = method.startSession(s)
    for (const item of items) method.observe(session, item, s)
  }
  return questions.map(items => Array.from(method.answer({ items, session: -1 }, 5)))
}

const clicks = (item: number) => sessions.flat().filter(one => one === item).length
const having = (item: number) => sessions.filter(items => items.includes(item))

/** Items with a score above 0: the best five, equal ones by clicks, then by number. */
function bestBy(scoreOf: (item: number) => number): number[] {
  return Array.from({ length: itemsInAll }, (_, item) => ({ item, score: scoreOf(item), count: clicks(item) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || b.count - a.count || a.item - b.item)
    .slice(0, 5)
    .map(({ item }) => item)
}

/** What each method scores an item by, said as slowly and plainly as can be. */
const plain: Record<string, (items: readonly number[], item: number) => number> = {
  popularity: (_, item) => clicks(item),
  markov: (items, item) =>
    sessions.flatMap(one => one.filter((_, i) => one[i - 1] === items.at(-1) && one[i] === item)).length,
  'item-knn': (items, item) => {
    const last = items.at(-1) as number
    const together = having(last).filter(one => one.includes(item)).length
    return item === last ? 0 : together / Math.sqrt(having(last).length * having(item).length)
  },
  'vmis-knn': (items, item) => (item === items.at(-1) ? 0 : neighbourScore(items.slice(-10), item))
}

/** Of the 500 newest sessions that share an item with the last ten steps, the 100 nearest vote. */
function neighbourScore(steps: readonly number[], item: number): number {
  const similarity = new Map<number, number>()
  for (const shared of new Set(steps)) {
    const withIt = sessions.flatMap((one, s) => (one.includes(shared) ? [s] : [])).slice(-500)
    const weight = (steps.lastIndexOf(shared) + 1) / steps.length
    for (const s of withIt) similarity.set(s, (similarity.get(s) ?? 0) + weight)
  }
  const newest = [...similarity].sort(([a], [b]) => b - a).slice(0, 500)
  const nearest = newest.sort(([a, first], [b, second]) => second - first || b - a).slice(0, 100)
  let score = 0
  for (const [s, similar] of nearest) {
    if (!sessions[s].includes(item)) continue
    const back = steps.length - 1 - Math.max(...sessions[s].map(one => steps.lastIndexOf(one)))
    score += similar * (1 - back / 10)
  }
  return score * Math.log(sessions.length / having(item).length)
}

for (const [name, scoreOf] of Object.entries(plain)) {
  test(`${name} lists what its definition, computed again from all sessions, puts first (seed ${seed})`, t => {
    const asked = name === 'vmis-knn' ? questions.slice(0, 16) : questions
    const expected = asked.map(items => bestBy(item => scoreOf(items, item)))
    t.true(expected.some(list => list.length === 5))
    t.deepEqual(listsOf(name).slice(0, asked.length), expected)
  })
}
