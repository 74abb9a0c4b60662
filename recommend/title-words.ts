import { Ordinals } from './ordinals.ts'

const wordsMax = 1 << 20
const wordsPerTitleMax = 16
const wordCharsMax = 32
const none = new Int32Array(0)

/** Which items have a word in their title: search by prefix, and likeness of titles where rare words count more. */
export class TitleWords {
  private readonly words = new Ordinals(wordsMax)
  private readonly postings: number[][] = []
  private readonly wordsOf: (Int32Array | undefined)[] = []
  private titles = 0
  private sorted: number[] = []

  put(item: number, title: string | null): void {
    const before = this.wordsOf[item]
    if (before !== undefined) this.drop(item, before)
    if (title === null) return
    const own = [...new Set(wordsIn(title).map(word => this.words.intern(word)))].filter(word => word >= 0)
    this.wordsOf[item] = Int32Array.from(own)
    for (const word of own) {
      while (this.postings.length <= word) this.postings.push([])
      this.postings[word].push(item)
    }
    this.titles++
  }

  wordsOfItem(item: number): Int32Array {
    return this.wordsOf[item] ?? none
  }

  itemsWith(word: number): readonly number[] {
    return this.postings[word]
  }

  /** How much a word says: 0 where every title has it. */
  weightOf(word: number): number {
    return Math.log2(this.titles / this.postings[word].length)
  }

  /** Items with a word that begins with each of the words of `text`; looks at no more than `postingsMax` places. */
  search(text: string, postingsMax = 50_000): number[] {
    let found: Set<number> | null = null
    let left = postingsMax
    for (const prefix of wordsIn(text)) {
      const now = new Set<number>()
      for (const word of this.wordsFrom(prefix)) {
        for (const item of this.postings[word]) {
          if (left-- <= 0) return [...now]
          if (found === null || found.has(item)) now.add(item)
        }
      }
      found = now
    }
    return found === null ? [] : [...found]
  }

  private *wordsFrom(prefix: string): Generator<number> {
    const sorted = this.sortedWords()
    let from = 0
    let to = sorted.length
    while (from < to) {
      const middle = (from + to) >> 1
      if (this.words.nameOf(sorted[middle]) < prefix) from = middle + 1
      else to = middle
    }
    for (; from < sorted.length && this.words.nameOf(sorted[from]).startsWith(prefix); from++) yield sorted[from]
  }

  /** Sorted again when words have come; only people typing into the search box wait for it. */
  private sortedWords(): number[] {
    if (this.sorted.length === this.words.count) return this.sorted
    this.sorted = Array.from({ length: this.words.count }, (_, word) => word).sort((a, b) =>
      this.words.nameOf(a) < this.words.nameOf(b) ? -1 : 1
    )
    return this.sorted
  }

  private drop(item: number, words: Int32Array): void {
    for (const word of words) {
      const posting = this.postings[word]
      posting[posting.indexOf(item)] = posting[posting.length - 1]
      posting.pop()
    }
    this.wordsOf[item] = undefined
    this.titles--
  }
}

/** Lower case, without accents; at most so many. */
function wordsIn(text: string): string[] {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  const words = plain.match(/[\p{L}\p{N}]+/gu) ?? []
  return words.slice(0, wordsPerTitleMax).map(word => word.slice(0, wordCharsMax))
}
