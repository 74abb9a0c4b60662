import type { ProductRow } from '../../schemas/tables.ts'

/** What describes a product, and how much it counts before rarity does. */
export interface ContentTerm {
  /** Kind and text: a word of the title is another term than a brand of that name. */
  name: string
  weight: number
}

/** Of one product; the rest of a longer one is not looked at. */
const termsMax = 48
const titleWordsMax = 24
const attributesMax = 16
const charsMax = 48
const weights = { word: 6, category: 6, brand: 3, attribute: 3 } as const

/** The terms of a product's title, category path, brand and attributes, each once, by name. */
export function contentTerms({ title, category, brand, attributes }: ProductRow): ContentTerm[] {
  const terms = new Map<string, number>()
  const add = (kind: keyof typeof weights, text: string) => {
    if (text !== '' && terms.size < termsMax) terms.set(`${kind}:${text.slice(0, charsMax)}`, weights[kind])
  }
  for (const word of wordsOf(title).slice(0, titleWordsMax)) add('word', singular(word))
  for (const path of pathsOf(category)) add('category', path)
  if (brand !== null) add('brand', wordsOf(brand).join(' '))
  for (const [name, value] of attributesOf(attributes)) add('attribute', `${wordsOf(name).join(' ')}=${value}`)
  return [...terms].map(([name, weight]) => ({ name, weight })).sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Lower case, without accents. */
function wordsOf(text: string): string[] {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  return plain.match(/[\p{L}\p{N}]+/gu) ?? []
}

function singular(word: string): string {
  return word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word
}

/** `a > b > c` is also in `a > b` and in `a`. */
function pathsOf(category: string | null): string[] {
  if (category === null) return []
  const parts = category.split('>').map(part => wordsOf(part).join(' '))
  return parts.map((_, i) => parts.slice(0, i + 1).join(' > ')).slice(-3)
}

/** Plain values of the JSON object that `attributes` holds; anything else describes nothing. */
function attributesOf(attributes: string | null): [string, string][] {
  if (attributes === null) return []
  let parsed: unknown
  try {
    parsed = JSON.parse(attributes)
  } catch {
    return [] // Shops send free text here as well.
  }
  if (typeof parsed !== 'object' || parsed === null) return []
  return Object.entries(parsed)
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map(one => [name, one] as const))
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .slice(0, attributesMax)
    .map(([name, value]) => [name, wordsOf(String(value)).join(' ')])
}
