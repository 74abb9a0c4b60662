import type { ByteReader, ByteWriter } from '../engine/bytes.ts'
import { codec } from '../engine/index.ts'
import { BoughtItems } from './bought-items.ts'
import { currentNumbers } from './id-numbers.ts'
import type { MergedId } from './merged-ids.ts'
import type { UserState } from './user-state.ts'

const consents = [null, true, false]

export const userStateCodec = codec<UserState>({
  version: 3,
  write(out, user) {
    out.zigzag(user.asOf).u8(consents.indexOf(user.consent))
    writeName(out, user.country)
    for (const affinities of [user.categories, user.brands, user.bands]) {
      writeRecord(out, affinities, sum => out.f64(sum))
    }
    out.f64(user.frequency).zigzag(user.orders).f64(user.monetary)
    for (const times of [user.seen, user.dismissed]) writeRecord(out, times, ts => out.zigzag(user.asOf - ts))
    user.bought.write(out, user.asOf)
    out.f64(user.forgottenUntil)
    writeName(out, user.mergedInto)
    out.varint(user.others.length)
    for (const { id, since } of user.others) out.string(id).f64(since)
  },
  read(input) {
    return { ...readWithoutOthers(input), others: readOthers(input) }
  },
  /** Version 1 was JSON; version 2 did not know of others. */
  readOlder(version, input) {
    if (version === 2) return { ...readWithoutOthers(input), others: [] }
    const stored = JSON.parse(input.text(input.end - input.position))
    return { ...stored, bought: BoughtItems.of(stored.bought), others: [] }
  }
})

function readWithoutOthers(input: ByteReader): Omit<UserState, 'others'> {
  const [asOf, consent, country] = [input.zigzag(), consents[input.u8()], readName(input)]
  const [categories, brands, bands] = Array.from({ length: 3 }, () => readRecord(input, () => input.f64()))
  const [frequency, orders, monetary] = [input.f64(), input.zigzag(), input.f64()]
  const [seen, dismissed] = Array.from({ length: 2 }, () => readRecord(input, () => asOf - input.zigzag()))
  return {
    asOf,
    consent,
    country,
    categories,
    brands,
    bands,
    frequency,
    orders,
    monetary,
    seen,
    dismissed,
    bought: BoughtItems.read(input, asOf, sharedId),
    forgottenUntil: input.f64(),
    mergedInto: readName(input)
  }
}

function readOthers(input: ByteReader): MergedId[] {
  return Array.from({ length: input.varint() }, () => ({ id: input.string(), since: input.f64() }))
}

/** The same string for an item wherever it stands, as far as that is known: people bought the same things. */
function sharedId(id: string): string {
  const numbers = currentNumbers()
  return numbers.ids[numbers.numberOf(id)]
}

function writeName(out: ByteWriter, name: string | null): void {
  out.u8(name === null ? 0 : 1)
  if (name !== null) out.string(name)
}

function readName(input: ByteReader): string | null {
  return input.u8() === 0 ? null : input.string()
}

function writeRecord(out: ByteWriter, record: Record<string, number>, write: (value: number) => void): void {
  const entries = Object.entries(record)
  out.varint(entries.length)
  for (const [name, value] of entries) {
    out.string(name)
    write(value)
  }
}

function readRecord(input: ByteReader, read: () => number): Record<string, number> {
  const record: Record<string, number> = {}
  for (let left = input.varint(); left > 0; left--) record[input.string()] = read()
  return record
}
