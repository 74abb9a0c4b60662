/**
 * Small whole numbers that stand for names (product ids, brands, words) in arrays. Given once and kept until the process
 * ends, so that what is held by number never comes to mean something else.
 *
 * Past `namesMax` a new name gets no number (−1) and is treated as unknown; a restart forgets names no longer in use.
 */
export class Ordinals {
  private readonly ordinals = new Map<string, number>()
  private readonly names: string[] = []
  private readonly namesMax: number

  constructor(namesMax: number) {
    this.namesMax = namesMax
  }

  get count(): number {
    return this.names.length
  }

  /** −1: never heard of. */
  find(name: string): number {
    return this.ordinals.get(name) ?? -1
  }

  /** Gives the name a number if it has none; −1 when there are too many names. */
  intern(name: string): number {
    const known = this.ordinals.get(name)
    if (known !== undefined) return known
    const ordinal = this.names.length
    if (ordinal >= this.namesMax) return -1
    this.ordinals.set(name, ordinal)
    this.names.push(name)
    return ordinal
  }

  nameOf(ordinal: number): string {
    return this.names[ordinal]
  }
}
