import { ByteWriter } from '../bytes.ts'
import { hours, minutes } from '../time.ts'
import { decay } from './decay.ts'
import { linesOf } from './event-lines.ts'
import { type Touch, touchOf } from './peer-events.ts'

const windowMs = minutes(30)
const itemsMax = 20
const companionsMax = 100
const shownMax = 50

interface Item {
  pairs: number
  hour: number
  companions: number[]
  scores: number[]
}

/**
 * The same two steps as `coOccurrence`, without an engine: one process, nothing stored, ids as small whole numbers. What
 * is left is what the task itself costs in JavaScript.
 */
export class PlainLoop {
  readonly #userIds = new Map<string, number>()
  readonly #itemIds = new Map<string, number>()
  readonly #recentItems: number[][] = []
  readonly #recentTimes: number[][] = []
  readonly #items: Item[] = []

  async run(file: string): Promise<number> {
    let events = 0
    for await (const line of linesOf(file)) {
      this.#touch(touchOf(line))
      events++
    }
    return events
  }

  /** Keys and values as the view `similar-items` holds them. */
  results(): Map<string, Buffer> {
    const names = [...this.#itemIds.keys()]
    const out = new ByteWriter()
    const results = new Map<string, Buffer>()
    for (const [id, item] of this.#items.entries()) if (item) results.set(names[id], ranked(item, names, out))
    return results
  }

  #touch({ user, item: name, weight, time }: Touch & { user: string }): void {
    if (weight === 0) return
    const id = idOf(this.#userIds, user)
    const item = idOf(this.#itemIds, name)
    if (id === this.#recentItems.length) {
      this.#recentItems.push([])
      this.#recentTimes.push([])
    }
    const items = this.#recentItems[id]
    const times = this.#recentTimes[id]
    let newest = time
    for (const other of times) if (other > newest) newest = other
    if (time < newest - windowMs) return
    forget(items, times, newest - windowMs)
    const at = items.indexOf(item)
    let remembered = time
    if (at >= 0) {
      remembered = Math.max(time, times[at])
      items.splice(at, 1)
      times.splice(at, 1)
    } else {
      for (const other of items) {
        this.#pair(other, item, weight, time)
        this.#pair(item, other, weight, time)
      }
    }
    items.push(item)
    times.push(remembered)
    if (items.length <= itemsMax) return
    items.shift()
    times.shift()
  }

  #pair(of: number, companion: number, weight: number, time: number): void {
    const hour = Math.floor(time / hours(1))
    this.#items[of] ??= { pairs: 0, hour, companions: [], scores: [] }
    const item = this.#items[of]
    const { companions, scores } = item
    let amount = weight
    if (hour > item.hour) {
      const left = decay(hour - item.hour)
      for (let i = 0; i < scores.length; i++) scores[i] *= left
      item.hour = hour
    } else if (hour < item.hour) {
      amount *= decay(item.hour - hour)
    }
    item.pairs++
    let at = companions.indexOf(companion)
    if (at >= 0) {
      scores[at] += amount
      return
    }
    at = companions.length
    if (at === companionsMax) {
      at = 0
      for (let i = 1; i < companionsMax; i++) if (scores[i] < scores[at]) at = i
    }
    companions[at] = companion
    scores[at] = amount
  }
}

function idOf(ids: Map<string, number>, name: string): number {
  const known = ids.get(name)
  if (known !== undefined) return known
  ids.set(name, ids.size)
  return ids.size - 1
}

function forget(items: number[], times: number[], oldestKept: number): void {
  let kept = 0
  for (let i = 0; i < items.length; i++) {
    if (times[i] < oldestKept) continue
    items[kept] = items[i]
    times[kept++] = times[i]
  }
  items.length = times.length = kept
}

function ranked({ pairs, hour, companions, scores }: Item, names: readonly string[], out: ByteWriter): Buffer {
  const order = companions.map((_, i) => i)
  order.sort((a, b) => scores[b] - scores[a] || (names[companions[a]] < names[companions[b]] ? -1 : 1))
  const shown = order.slice(0, shownMax)
  out.reset().u32(pairs).i32(hour).u8(shown.length)
  for (const i of shown) out.f64(scores[i]).string(names[companions[i]])
  return out.copy()
}
