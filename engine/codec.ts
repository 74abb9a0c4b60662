import type { ByteReader, ByteWriter } from './bytes.ts'
import { stop } from './errors.ts'

/**
 * How a value of state is laid out in bytes. The first byte on disk is `version`; a reader meets older versions by
 * `readOlder`, so that a change of layout is a decision and not an accident.
 */
export interface Codec<T> {
  readonly version: number
  write(out: ByteWriter, value: T): void
  read(input: ByteReader): T
  /** Reads the layout of an older version; without it a value of another version stops the process. */
  readOlder?(version: number, input: ByteReader): T
  /** Bytes in memory for one encoded byte (measured); sizes the cache. Default 3. */
  readonly memoryFactor?: number
  /** For large values of which little changes at a time: `read` must then end where `write` ended. */
  readonly deltas?: DeltaCodec<T>
}

/**
 * How a value, changed in place, tells what has changed since it was last stored, so that only this is written. After
 * all deltas a value must equal, bit for bit, the one that was never stored.
 */
export interface DeltaCodec<T> {
  /** False: the value is to be written whole. */
  write(out: ByteWriter, value: T): boolean
  apply(value: T, input: ByteReader): void
  /** The value is stored as it is: from now on it collects changes anew. */
  stored(value: T): void
  /** What the value takes in memory. */
  memoryBytes(value: T): number
  /** The value is in memory no more, and nobody else has it: what it consists of may serve others. */
  released?(value: T): void
}

export function codec<T>(spec: Codec<T>): Codec<T> {
  return spec
}

export function writeVersioned<T>(codec: Codec<T>, out: ByteWriter, value: T): void {
  out.u8(codec.version)
  codec.write(out, value)
}

export function readVersioned<T>(codec: Codec<T>, input: ByteReader): T {
  const version = input.u8()
  if (version === codec.version) return codec.read(input)
  if (codec.readOlder) return codec.readOlder(version, input)
  throw unknownVersion(version, codec)
}

export function unknownVersion(version: number, codec: Codec<any>) {
  return stop(
    'state_codec_version',
    `A stored value has layout version ${version}, this program reads version ${codec.version}: replay the topology into new state, or run the release that wrote it.`
  )
}

/** JSON in UTF-8: right for small, rarely written values; hot state deserves its own layout. */
export function jsonCodec<T>(version = 1): Codec<T> {
  return {
    version,
    memoryFactor: 5,
    write: (out, value) => void out.text(JSON.stringify(value)),
    read: input => JSON.parse(input.text(input.end - input.position)) as T
  }
}

export const numberCodec: Codec<number> = {
  version: 1,
  memoryFactor: 2,
  write: (out, value) => void out.f64(value),
  read: input => input.f64()
}

export const stringCodec: Codec<string> = {
  version: 1,
  memoryFactor: 2,
  write: (out, value) => void out.text(value),
  read: input => input.text(input.end - input.position)
}
