import { readFileSync } from 'node:fs'

export interface Figure {
  bench: string
  case: string
  metric: string
  value: number | string
  /** The same of another program, and the first divided by it. */
  peer?: number
  ratio?: number
}

/** Prints figures as lines for people, or as JSON for programs. */
export function printer(bench: string, isJson: boolean) {
  return (name: string, metric: string, value: number | string, peer?: number): void => {
    const shown = typeof value === 'number' ? Number(value.toPrecision(4)) : value
    const beside = peer === undefined ? {} : { peer, ratio: Number((Number(value) / peer).toPrecision(3)) }
    if (isJson) console.log(JSON.stringify({ bench, case: name, metric, value: shown, ...beside } satisfies Figure))
    else console.log(`${name.padEnd(52)} ${metric.padEnd(26)} ${shown}${peer === undefined ? '' : ` (peer ${peer})`}`)
  }
}

const ticksPerSecond = 100

/** User and system time of a process, or of one of its threads, in seconds; Linux. */
export function cpuSeconds(pid: number, thread?: number): number {
  const text = readFileSync(thread === undefined ? `/proc/${pid}/stat` : `/proc/${pid}/task/${thread}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** Resident now, and the most it ever was, MiB; Linux. */
export function memoryMib(pid: number): { now: number; peak: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  const of = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1] ?? 0) / 1024
  return { now: of('VmRSS'), peak: of('VmHWM') }
}

export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted.length === 0 ? Number.NaN : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}
