/** Where one server runs. */
export interface Site {
  /** Its own: data, settings, output. */
  folder: string
  ports: Readonly<Record<string, number>>
  /** What takes a while, in a few words. */
  say(doing: string): void
}

/** How one server of the manifest is run on a machine without containers. */
export interface Recipe {
  /** What to install first, as a sentence; undefined when all is there. */
  missing(): string | undefined
  /** Where the machine chooses it; default: that of the manifest. */
  version?(): string | undefined
  /** Fetches and sets up what is not there yet, and says how it is started. */
  prepare(site: Site): Promise<{ command: string; args: readonly string[] }>
  /** Once it is ready. */
  finish?(site: Site): Promise<void>
}
