/** Who commits offsets; the broker refuses anybody but a member of the current generation (KIP-447). */
export interface MemberIdentity {
  memberId: string
  generation: number
  /** KIP-345. */
  instanceId: string | null
}

export interface CommitOffsets {
  group: string
  member?: MemberIdentity
  positions: ReadonlyMap<string, ReadonlyMap<number, Position>>
}

export interface Position {
  offset: number
  /** At most `offset.metadata.max.bytes`, 4096 by default. */
  metadata?: string
}
