/** Options over their defaults; one that is there but undefined is not given. */
export function filled<D extends object, O extends object>(defaults: D, options: O): D & O {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return { ...defaults, ...Object.fromEntries(given) } as D & O
}
