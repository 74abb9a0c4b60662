/** Options of `npm run bench -- faults`, which has two parts in two files: each is started with what the other knows, too. */
export const faultsFlags = {
  json: { type: 'boolean' },
  seed: { type: 'string' },
  kills: { type: 'string' },
  disturbances: { type: 'string' },
  events: { type: 'string' },
  unfenced: { type: 'boolean' }
} as const

const own = { embedded: ['kills'], kafka: ['disturbances', 'events', 'unfenced'] }

/** A part is left out where what is asked for is of the other part only. */
export function isPartWanted(part: keyof typeof own, flags: Readonly<Record<string, unknown>>): boolean {
  const isAsked = (name: string) => flags[name] !== undefined
  return own[part].some(isAsked) || !Object.values(own).flat().some(isAsked)
}
