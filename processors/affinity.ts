import type { Affinity } from '../schemas/views.ts'

const keptMax = 80
const shownMax = 20
/** Scores are published in steps of this. */
const steps = 1_000

/** Sums by name, all decayed to the same time. */
export type Affinities = Record<string, number>

export function addAffinity(affinities: Affinities, name: string, worth: number): void {
  affinities[name] = (Object.hasOwn(affinities, name) ? affinities[name] : 0) + worth
}

export function scaleAffinities(affinities: Affinities, factor: number): void {
  for (const name in affinities) affinities[name] *= factor
}

/** Above twice its bound the list is cut to the largest; ties by name. */
export function cutAffinities(affinities: Affinities): Affinities {
  const entries = Object.entries(affinities)
  return entries.length <= keptMax * 2 ? affinities : Object.fromEntries(largest(entries, keptMax))
}

export function shownAffinities(affinities: Affinities): Affinity[] {
  return largest(Object.entries(affinities), shownMax)
    .map(([name, score]) => ({ name, score: Math.round(score * steps) / steps }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1))
}

function largest(entries: [string, number][], count: number): [string, number][] {
  return entries.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, count)
}
