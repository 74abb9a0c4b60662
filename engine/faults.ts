/** Where tests stop the world: each named point is passed between two steps that must hold together. */
export interface Faults {
  hit(point: string): void
}

export const noFaults: Faults = { hit: () => {} }
