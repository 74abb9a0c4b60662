/** Numbers from 0. */
export interface Click {
  session: number
  item: number
  timeS: number
}

export interface ClickOptions {
  clicks: number
  /** Beside those that are wanted too seldom to come up. */
  items: number
  seed: number
}

const groupItems = 250
const openSessions = 2_000
const endsWith = 1 / 6
const seenAgain = 0.22
const staysInGroup = 0.7
const days = 60

interface Visit {
  session: number
  group: number
  seen: number[]
}

/**
 * A shop's clicks in order of time, the same for the same seed: 2,000 visits are under way at once, of six clicks in the
 * mean. Items are wanted as by Zipf's law, in the shop and within groups of 250; a visit mostly stays in its group, and comes
 * back to what it has seen with every fifth click.
 */
export function* generatedClicks({ clicks, items, seed }: ClickOptions): Generator<Click, void, void> {
  let state = seed
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 4294967296
  }
  const groups = Math.ceil(items / groupItems)
  // Density 1/rank, by its inverse distribution.
  const wanted = (count: number) => Math.floor(count ** random()) - 1
  const popular = () => wanted(items + 1)
  const inGroup = (group: number) => Math.min(items - 1, wanted(groupItems + 1) * groups + group)
  let sessions = 0
  const begun = (): Visit => ({ session: sessions++, group: popular() % groups, seen: [] })
  const open = Array.from({ length: openSessions }, begun)
  for (let i = 0; i < clicks; i++) {
    const place = Math.floor(random() * openSessions)
    const { session, group, seen } = open[place]
    const isAgain = seen.length > 0 && random() < seenAgain
    const next = () => (random() < staysInGroup ? inGroup(group) : popular())
    const item = isAgain ? seen[Math.floor(random() * seen.length)] : next()
    seen.push(item)
    yield { session, item, timeS: 1_750_000_000 + Math.floor((i / clicks) * days * 86_400) }
    if (random() < endsWith) open[place] = begun()
  }
}
