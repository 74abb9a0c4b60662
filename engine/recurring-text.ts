import { decodeText } from './bytes.ts'

const slots = 1 << 15
const textBytesMax = 40

/** The text last met in each slot. Filled up front: with holes, a look-up takes several times as long. */
const known: string[] = new Array<string>(slots).fill('')

/**
 * Decodes what comes again and again, ids above all, to the same string each time: it is found in less time than it
 * takes to make one, its hash is known, and who looks it up in a Map compares pointers. Texts of one slot replace each
 * other, so that about 2 MB are held per thread; long texts and all but ASCII are decoded anew.
 */
export function recurringText(buffer: Buffer, start: number, end: number): string {
  const length = end - start
  if (length === 0 || length > textBytesMax) return decodeText(buffer, start, end)
  let hash = length
  let bits = 0
  for (let i = start; i < end; i++) {
    const byte = buffer[i]
    bits |= byte
    hash = Math.imul(hash ^ byte, 0x01000193)
  }
  if (bits > 127) return buffer.utf8Slice(start, end)
  const slot = (hash ^ (hash >>> 15)) & (slots - 1)
  const found = known[slot]
  if (found.length === length && isText(found, buffer, start)) return found
  const text = buffer.latin1Slice(start, end)
  known[slot] = text
  return text
}

function isText(text: string, buffer: Buffer, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== buffer[start + i]) return false
  return true
}
