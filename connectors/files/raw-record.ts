/** One record of a file before it is a row of ours; `text` is what stood there. */
export type RawRecord = { line: number; text: string } & ({ json: unknown } | { code: string; detail: string })
