import { type StageClock, type StageName, stageNames } from './ports.ts'

const indexOf = Object.fromEntries(stageNames.map((name, index) => [name, index])) as Record<StageName, number>

/** How long each stage of the answer under way took. One for the whole thread: answering is synchronous. */
export class StageTimes implements StageClock {
  private readonly ms = new Float64Array(stageNames.length)
  private lastMs = 0

  begin(): void {
    this.ms.fill(0)
    this.lastMs = performance.now()
  }

  end(stage: StageName): void {
    const now = performance.now()
    this.ms[indexOf[stage]] += now - this.lastMs
    this.lastMs = now
  }

  /** For what was measured elsewhere. */
  add(stage: StageName, ms: number): void {
    this.ms[indexOf[stage]] += ms
  }

  msOf(index: number): number {
    return this.ms[index]
  }

  /** The value of `Server-Timing`, in milliseconds. */
  header(): string {
    let text = ''
    for (let i = 0; i < stageNames.length; i++) {
      const ms = this.ms[i]
      if (ms > 0) text += `${text === '' ? '' : ', '}${stageNames[i]};dur=${Math.round(ms * 1000) / 1000}`
    }
    return text
  }
}
