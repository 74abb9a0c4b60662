import type { Affinity } from '../schemas/views.ts'

const keptMax = 80
const shownMax = 20
/** Scores are published in steps of this. */
const steps = 1_000

/** Sums by name, all decayed to the same time. */
export type Affinities = Record<string, number>

/** Above twice its bound the list is cut to the largest; ties by name. */
export function addAffinity(affinities: Affinities, name: string, worth: number): void {
  if (Object.hasOwn(affinities, name)) {
    affinities[name] += worth
    return
  }
  affinities[name] = worth
  const names = Object.keys(affinities)
  if (names.length <= keptMax * 2) return
  const kept = new Set(largest(Object.entries(affinities), keptMax).map(([one]) => one))
  for (const one of names) if (!kept.has(one)) delete affinities[one]
}

export function scaleAffinities(affinities: Affinities, factor: number): void {
  for (const name in affinities) affinities[name] *= factor
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
