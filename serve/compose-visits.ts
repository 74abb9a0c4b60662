import { join } from 'node:path'
import type { Log } from '../engine/log/log.ts'
import type { VisitIndex } from '../recommend/visit-index.ts'
import { sessionSteps } from '../schemas/topics.ts'
import type { CountedSteps } from './visits/counted-steps.ts'
import { ErasingVisits } from './visits/erasing-visits.ts'
import { rereadLog } from './visits/reread-log.ts'
import { StepTail } from './visits/step-tail.ts'
import { VisitSnapshots } from './visits/visit-snapshots.ts'

export interface VisitsOptions {
  visits: VisitIndex
  /** Feeds it. */
  steps: CountedSteps
  log: Pick<Log, 'read' | 'startOffset' | 'endOffset'>
  directory: string
  say: (line: string) => void
}

/** The session index of a process that reads the log itself. */
export interface IndexedVisits {
  /** Everything that was on the log at the start is in the index. */
  readonly indexed: Promise<void>
  /** Steps that are on the log and not yet in the index. */
  readonly left: number
  /** What is being forgotten there. */
  readonly erasing: ErasingVisits
  /** Something was committed: read on. */
  poke(): void
  /** Writes a snapshot; nothing is read from then on. */
  close(): Promise<void>
}

const sourceName = 'embedded'

/** Loads the snapshot and begins to read what came after it. */
export function composeVisits({ visits, steps, log, directory, say }: VisitsOptions): IndexedVisits {
  const snapshots = new VisitSnapshots({
    file: join(directory, 'session-index.snapshot'),
    visits,
    source: sourceName,
    endOffset: log.endOffset(sessionSteps.name, 0),
    isHeld: () => erasing.isErasing,
    say
  })
  steps.onErasure = (erasure, offset) => erasing.add(erasure, offset)
  snapshots.load()
  let isIndexed = () => {}
  const indexed = new Promise<void>(resolve => {
    isIndexed = resolve
  })
  const onCaughtUp = () => {
    isIndexed()
    erasing.start()
  }
  const tail = new StepTail({ log, steps, onCaughtUp })
  const erasing: ErasingVisits = new ErasingVisits({
    visits,
    reread: to => rereadLog(log, to),
    tail,
    onErased: () => snapshots.rewrite(),
    say
  })
  snapshots.start(tail)
  tail.poke()
  return {
    indexed,
    get left() {
      return tail.left
    },
    erasing,
    poke: () => tail.poke(),
    close: async () => {
      tail.close()
      await erasing.close()
      await snapshots.close()
    }
  }
}
