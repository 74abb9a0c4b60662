import type { ByteReader } from '../bytes.ts'
import type { ItemId } from './peer-events.ts'

/**
 * Items as small whole numbers while they are in memory: lists of them are looked through quickly and are nothing to the
 * collector. Numbers are a thread's own and never stored. One for each item met: 100,000 in a run.
 */
export const itemIds: ItemId[] = []
const numbers = new Map<ItemId, number>()

/** Number + 1 by hash of the id's bytes, with linear probing; 0 = free. At most half full. */
let slots = new Int32Array(1 << 12)

export function itemNumber(id: ItemId): number {
  const known = numbers.get(id)
  if (known !== undefined) return known
  const number = itemIds.push(id) - 1
  numbers.set(id, number)
  if (itemIds.length * 2 > slots.length) regrow()
  else place(number)
  return number
}

/** Of the id that the next `bytes` are: no text is made of it. */
export function readItem(input: ByteReader, bytes: number): number {
  const { buffer, position } = input
  input.position += bytes
  let hash = hashStart
  for (let i = position; i < position + bytes; i++) hash = hashed(hash, buffer[i])
  for (let slot = hash & (slots.length - 1); slots[slot] !== 0; slot = (slot + 1) & (slots.length - 1)) {
    const number = slots[slot] - 1
    if (isId(itemIds[number], buffer, position, bytes)) return number
  }
  return itemNumber(buffer.utf8Slice(position, position + bytes) as ItemId)
}

/** FNV-1a; tables take its lowest bits. */
const hashStart = 0x811c9dc5
const hashed = (hash: number, byte: number) => Math.imul(hash ^ byte, 0x01000193)

/** False for what is not ASCII: such ids take the way by their text. */
function isId(id: ItemId, buffer: Buffer, position: number, bytes: number): boolean {
  if (id.length !== bytes) return false
  for (let i = 0; i < bytes; i++) {
    const code = id.charCodeAt(i)
    if (code > 127 || code !== buffer[position + i]) return false
  }
  return true
}

function place(number: number): void {
  const id = itemIds[number]
  let hash = hashStart
  for (let i = 0; i < id.length; i++) hash = hashed(hash, id.charCodeAt(i))
  let slot = hash & (slots.length - 1)
  while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1)
  slots[slot] = number + 1
}

function regrow(): void {
  slots = new Int32Array(slots.length * 2)
  for (let number = 0; number < itemIds.length; number++) place(number)
}
