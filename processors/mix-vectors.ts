import { codec, processor, value } from '../engine/index.ts'
import { contentVector, type LevelledTerm } from '../recommend/vectors/content-vector.ts'
import type { ItemId } from '../schemas/ids.ts'
import type { ItemVector } from '../schemas/views.ts'
import type { TermLevel } from './count-term.ts'
import { bytesOf, readVector, vectorOf, writeVector } from './signed-bytes.ts'
import type { BehaviourChange } from './vector-of-company.ts'

/** What the shop's own embedding service says, its bytes as base64; null: it says nothing any more. */
export interface EmbeddingChange {
  embedding: string | null
}

export type VectorChange = TermLevel | BehaviourChange | EmbeddingChange

interface Parts {
  terms: Map<string, LevelledTerm>
  /** Of the terms; null: not made since they changed. Not stored. */
  made: Int8Array | null
  embedding: Int8Array | null
  behaviour: Int8Array | null
  evidence: number
}

const partsCodec = codec<Parts>({
  version: 1,
  memoryFactor: 4,
  write(out, { terms, embedding, behaviour, evidence }) {
    out.varint(terms.size)
    for (const [name, term] of terms) out.string(name).u8(term.weight).u8(term.level)
    writeVector(out, embedding)
    writeVector(out, behaviour)
    out.f64(evidence)
  },
  read(input) {
    const terms = new Map<string, LevelledTerm>()
    for (let left = input.varint(); left > 0; left--) {
      const name = input.string()
      terms.set(name, { name, weight: input.u8(), level: input.u8() })
    }
    const [embedding, behaviour] = [readVector(input), readVector(input)]
    return { terms, made: null, embedding, behaviour, evidence: input.f64() }
  }
})
const state = { parts: value(partsCodec, { equality: { tolerance: 0.2 } }) }

/**
 * An item's two vectors side by side: what it is, and how people use it. How much either counts is decided where one is
 * searched with, by the evidence behind it.
 */
export function mixVectors() {
  return processor<ItemId, VectorChange, never, never, ItemVector, typeof state>({
    name: 'mix-vectors',
    state,
    process({ value: change }, { parts }) {
      const known = parts.get() ?? { terms: new Map(), made: null, embedding: null, behaviour: null, evidence: 0 }
      apply(known, change)
      if (known.terms.size === 0 && known.embedding === null && known.behaviour === null) parts.delete()
      else parts.set(known)
    },
    view(_, { parts }) {
      const known = parts.get()
      return known ? rowOf(known) : null
    }
  })
}

function apply(known: Parts, change: VectorChange): void {
  if ('name' in change) {
    known.made = null
    if (change.term === null) known.terms.delete(change.name)
    else known.terms.set(change.name, change.term)
  } else if ('embedding' in change) known.embedding = change.embedding === null ? null : vectorOf(change.embedding)
  else {
    known.behaviour = change.behaviour === null ? null : vectorOf(change.behaviour)
    known.evidence = change.evidence
  }
}

function rowOf(known: Parts): ItemVector {
  const { terms, embedding, behaviour, evidence } = known
  if (embedding === null && terms.size > 0) known.made ??= contentVector(terms.values())
  const content = embedding ?? known.made
  return {
    content: content && bytesOf(content),
    content_from: embedding ? 'service' : 'terms',
    behaviour: behaviour && bytesOf(behaviour),
    evidence
  }
}
