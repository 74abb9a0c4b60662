/** Front-to-back binary writing and reading; integers are big-endian, so that keys sort as numbers. */

/** Node has had these since the beginning and its own `toString` ends in them; its types leave them out. */
declare global {
  interface Buffer {
    utf8Write(text: string, offset?: number): number
    utf8Slice(start?: number, end?: number): string
    latin1Slice(start?: number, end?: number): string
  }
}

const scratchStart = 1024

export class ByteWriter {
  buffer: Buffer
  position = 0
  /** Writes floats at half of what `Buffer` takes for them. */
  #floats: DataView

  constructor(capacity = scratchStart) {
    this.buffer = Buffer.allocUnsafeSlow(capacity)
    this.#floats = new DataView(this.buffer.buffer)
  }

  reset(): this {
    this.position = 0
    return this
  }

  /** Makes room for `bytes` more and returns the position before them. */
  reserve(bytes: number): number {
    const start = this.position
    const end = start + bytes
    if (end > this.buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(end, this.buffer.length * 2))
      this.buffer.copy(grown, 0, 0, start)
      this.buffer = grown
      this.#floats = new DataView(grown.buffer)
    }
    this.position = end
    return start
  }

  u8(value: number): this {
    const at = this.reserve(1)
    this.buffer[at] = value
    return this
  }

  u16(value: number): this {
    const at = this.reserve(2)
    this.buffer.writeUInt16BE(value, at)
    return this
  }

  u32(value: number): this {
    const at = this.reserve(4)
    this.buffer.writeUInt32BE(value, at)
    return this
  }

  i32(value: number): this {
    const at = this.reserve(4)
    this.buffer.writeInt32BE(value, at)
    return this
  }

  f32(value: number): this {
    const at = this.reserve(4)
    this.#floats.setFloat32(at, value)
    return this
  }

  f64(value: number): this {
    const at = this.reserve(8)
    this.#floats.setFloat64(at, value)
    return this
  }

  /** A whole number of at most 2^53 as eight bytes that sort as the number does; negative ones too. */
  i64(value: number): this {
    const at = this.reserve(8)
    this.buffer.writeInt32BE(Math.floor(value / 4294967296), at)
    this.buffer.writeUInt32BE(value >>> 0, at + 4)
    return this
  }

  /** Unsigned LEB128; up to 2^53. */
  varint(value: number): this {
    let rest = value
    let at = this.reserve(8)
    const buffer = this.buffer
    while (rest >= 128) {
      buffer[at++] = (rest % 128) | 128
      rest = rest < 2147483648 ? rest >>> 7 : Math.floor(rest / 128)
    }
    buffer[at++] = rest
    this.position = at
    return this
  }

  /** Signed, zig-zag. */
  zigzag(value: number): this {
    return this.varint(value < 0 ? -value * 2 - 1 : value * 2)
  }

  bytes(value: Uint8Array): this {
    const at = this.reserve(value.length)
    this.buffer.set(value, at)
    return this
  }

  /** UTF-8, no length. */
  text(value: string): this {
    const length = value.length
    const at = this.reserve(length * 3)
    const buffer = this.buffer
    if (length <= 48) {
      for (let i = 0; i < length; i++) {
        const code = value.charCodeAt(i)
        if (code > 127) {
          this.position = at + buffer.utf8Write(value, at)
          return this
        }
        buffer[at + i] = code
      }
      this.position = at + length
      return this
    }
    this.position = at + buffer.utf8Write(value, at)
    return this
  }

  /** UTF-8 behind its length as a varint. */
  string(value: string): this {
    if (value.length < 43) {
      const lengthAt = this.reserve(1)
      this.text(value)
      this.buffer[lengthAt] = this.position - lengthAt - 1
      return this
    }
    this.varint(Buffer.byteLength(value))
    return this.text(value)
  }

  /** A copy of what was written; small ones share memory, so that none of them may be transferred to another thread. */
  copy(): Buffer {
    const out = Buffer.allocUnsafe(this.position)
    this.buffer.copy(out, 0, 0, this.position)
    return out
  }

  /** What was written, without a copy: valid until the next write or reset. */
  view(): Buffer {
    return this.buffer.subarray(0, this.position)
  }
}

export class ByteReader {
  readonly buffer: Buffer
  position: number
  readonly end: number

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.buffer = buffer
    this.position = start
    this.end = end
  }

  get isAtEnd(): boolean {
    return this.position >= this.end
  }

  u8(): number {
    return this.buffer[this.position++]
  }

  u16(): number {
    this.position += 2
    return this.buffer.readUInt16BE(this.position - 2)
  }

  u32(): number {
    this.position += 4
    return this.buffer.readUInt32BE(this.position - 4)
  }

  i32(): number {
    this.position += 4
    return this.buffer.readInt32BE(this.position - 4)
  }

  f32(): number {
    this.position += 4
    return this.buffer.readFloatBE(this.position - 4)
  }

  f64(): number {
    this.position += 8
    return this.buffer.readDoubleBE(this.position - 8)
  }

  i64(): number {
    this.position += 8
    return this.buffer.readInt32BE(this.position - 8) * 4294967296 + this.buffer.readUInt32BE(this.position - 4)
  }

  varint(): number {
    const buffer = this.buffer
    let byte = buffer[this.position++]
    if (byte < 128) return byte
    let value = byte & 127
    let scale = 128
    do {
      byte = buffer[this.position++]
      value += (byte & 127) * scale
      scale *= 128
    } while (byte >= 128)
    return value
  }

  zigzag(): number {
    const value = this.varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  bytes(length: number): Buffer {
    this.position += length
    return this.buffer.subarray(this.position - length, this.position)
  }

  text(length: number): string {
    const start = this.position
    this.position += length
    return decodeText(this.buffer, start, this.position)
  }

  string(): string {
    return this.text(this.varint())
  }
}

/** UTF-8 to string; short ASCII, which ids are, without a call into the runtime. */
export function decodeText(buffer: Buffer, start: number, end: number): string {
  for (let i = start; i < end; i++) if (buffer[i] > 127) return buffer.utf8Slice(start, end)
  return buffer.latin1Slice(start, end)
}
