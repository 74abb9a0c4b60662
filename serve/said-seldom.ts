const sayAgainAfterMs = 60_000

/** Says the first of what comes at most once a minute: the same trouble again is no news. */
export function saidSeldom(say: (line: string) => void, now: () => number = () => performance.now()) {
  let saidMs = Number.NEGATIVE_INFINITY
  return (line: string): void => {
    if (now() - saidMs < sayAgainAfterMs) return
    saidMs = now()
    say(line)
  }
}
