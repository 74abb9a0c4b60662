import { drawing } from './dom.js'

/** Ground, middle, dark and accent of one family of categories. */
const palettes = [
  ['#cfe8e4', '#5fb0a5', '#1f6f6b', '#f4d58d'],
  ['#fbe0d6', '#f0997d', '#c4553b', '#ffd27d'],
  ['#dfe3f7', '#8c9be0', '#4351a8', '#f7c6c7'],
  ['#f8ecc9', '#e5b94e', '#a8751a', '#cfe0d8'],
  ['#efdcec', '#c287bd', '#7c3d78', '#f6d28f'],
  ['#e1ecd0', '#98bd68', '#52793a', '#f3c98b'],
  ['#d8ebf6', '#7cb8de', '#2f73a3', '#f9dba0'],
  ['#f9dde4', '#e993a9', '#b3456a', '#d7e3c6'],
  ['#dde4ea', '#93a7b8', '#4a6174', '#f0c9a0'],
  ['#f3ddcd', '#cf8f66', '#8f4f2c', '#cfdcd4'],
  ['#d9f0e2', '#82cba3', '#34805b', '#f6d9a8'],
  ['#e7e0f5', '#ab98d9', '#6650a4', '#f8d7b0']
]

/** Shapes in a cell of 30 × 30. */
const motifs = [
  'M0 0H30A30 30 0 0 1 0 30Z',
  'M0 15A15 15 0 0 1 30 15Z M0 30A15 15 0 0 1 30 30Z',
  'M0 0H30L0 30Z',
  'M0 0A30 30 0 0 1 30 30A30 30 0 0 1 0 0Z',
  'M15 0A15 15 0 1 1 14.9 0ZM15 8A7 7 0 1 0 15.1 8Z',
  'M0 3H30V9H0ZM0 15H30V21H0Z',
  'M15 5A10 10 0 1 1 14.9 5Z',
  'M0 30V15A15 15 0 0 1 30 15V30H21V15A6 6 0 0 0 9 15V30Z',
  'M15 0L30 15L15 30L0 15Z',
  'M0 8C8 0 22 16 30 8V18C22 26 8 10 0 18Z',
  'M0 0H15V15H30V30H15V15H0Z'
]

const columns = 4
const rows = 3
const cell = 30

/** Chosen so that the twelve families of the demo shop take a palette each. */
const salt = '3865510 '

/**
 * A picture for a product that has none: family of the category → colours, category → motif, product → arrangement. The
 * same product always looks the same.
 */
export function tile({ product_id, category }) {
  const path = category ?? ''
  const [ground, middle, dark, accent] = palettes[hash(salt + path.split(' > ')[0]) % palettes.length]
  const motif = motifs[hash(path) % motifs.length]
  const next = chance(hash(product_id))
  const picture = drawing('svg', {
    viewBox: `0 0 ${columns * cell} ${rows * cell}`,
    preserveAspectRatio: 'xMidYMid slice',
    'aria-hidden': 'true'
  })
  picture.append(drawing('rect', { width: '100%', height: '100%', fill: ground }))
  const accented = next(columns * rows)
  for (let i = 0; i < columns * rows; i++) {
    const place = `translate(${(i % columns) * cell} ${Math.floor(i / columns) * cell})`
    const turn = `${place} rotate(${next(4) * 90} ${cell / 2} ${cell / 2})`
    const style = next(8)
    if (style >= 6 && i !== accented) {
      if (style === 7) picture.append(drawing('rect', { width: cell, height: cell, fill: middle, transform: place }))
      continue
    }
    if (style === 0) picture.append(drawing('rect', { width: cell, height: cell, fill: dark, transform: place }))
    const fill = i === accented ? accent : style === 0 ? middle : style < 4 ? middle : dark
    picture.append(drawing('path', { d: motif, fill, transform: turn, 'fill-rule': 'evenodd' }))
  }
  return picture
}

/** FNV-1a, mixed once more so that like texts differ in every bit. */
export function hash(text) {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d)
  return (value ^ (value >>> 13)) >>> 0
}

/** Whole numbers below a bound, always the same ones for a seed (xorshift32). */
function chance(seed) {
  let state = seed || 1
  return bound => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % bound
  }
}
