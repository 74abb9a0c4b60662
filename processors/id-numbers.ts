/**
 * Small whole numbers for ids, so that lists of ids are typed arrays. In memory only: they are never stored, sent or
 * ordered by, so they cannot change an answer. When a numbering is full, lists move to a fresh one as they are next used.
 */
export class IdNumbers {
  readonly ids: string[] = []
  readonly #numbers = new Map<string, number>()

  numberOf(id: string): number {
    let number = this.#numbers.get(id)
    if (number === undefined) {
      number = this.ids.length
      this.ids.push(id)
      this.#numbers.set(id, number)
    }
    return number
  }
}

const idsMax = 1 << 21
let current = new IdNumbers()

/** The numbering in use; about 100 B per id. */
export function currentNumbers(): IdNumbers {
  if (current.ids.length >= idsMax) current = new IdNumbers()
  return current
}

/** Lists that were looked up before: the items of a basket share one. */
const known = new WeakMap<readonly string[], { numbers: Int32Array; of: IdNumbers }>()

/** Numbers of a list that nobody changes any more. */
export function numbersOf(ids: readonly string[], of: IdNumbers): Int32Array {
  const found = known.get(ids)
  if (found?.of === of) return found.numbers
  const numbers = new Int32Array(ids.length)
  for (let i = 0; i < ids.length; i++) numbers[i] = of.numberOf(ids[i])
  known.set(ids, { numbers, of })
  return numbers
}

/** The same ids in another numbering. */
export function renumber(numbers: Int32Array, length: number, from: IdNumbers, to: IdNumbers): void {
  for (let i = 0; i < length; i++) numbers[i] = to.numberOf(from.ids[numbers[i]])
}
