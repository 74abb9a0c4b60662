import { join } from 'node:path'
import type { Cluster } from '../connectors/kafka/cluster.ts'
import { offsetsOf } from '../connectors/kafka/list-offsets.ts'
import { PartitionReader } from '../connectors/kafka/reader.ts'
import { sessionSteps } from '../schemas/topics.ts'
import type { Answers } from './compose-answers.ts'
import { ArrivedSteps } from './kafka/arrived-steps.ts'
import { rereadSteps } from './kafka/reread-steps.ts'
import type { StepsArrived } from './kafka/view-messages.ts'
import type { Metrics } from './metrics.ts'
import { reportLearned } from './visits/counted-steps.ts'
import { ErasingVisits, type RereadSteps } from './visits/erasing-visits.ts'
import { StepTail } from './visits/step-tail.ts'
import { VisitSnapshots } from './visits/visit-snapshots.ts'

/** Of the topic, while an erasure reads it once more. */
const rereadAheadBytes = 4 << 20

export interface ReplicaVisitsOptions {
  answers: Answers
  cluster: Cluster
  directory: string
  metrics: Pick<Metrics, 'set'>
  say: (line: string) => void
  /** A message of steps is in the index, and all before that offset. */
  onApplied: (nextOffset: number) => void
}

/** The session index of a replica, fed by the thread that reads the views. */
export interface ReplicaVisits {
  /** Where the thread has to read on. */
  readonly steps: { topic: string; from: number }
  /** What is being forgotten there. */
  readonly erasing: ErasingVisits
  arrived(message: StepsArrived): void
  report(): void
  /** Writes a snapshot; nothing is taken from then on. */
  close(): Promise<void>
}

/** Loads the snapshot of this very topic, where there is one. */
export async function openReplicaVisits(options: ReplicaVisitsOptions): Promise<ReplicaVisits> {
  const { answers, cluster, directory, metrics, say, onApplied } = options
  const topic = sessionSteps.name
  const { id } = await cluster.topic(topic)
  const ends = await offsetsOf(cluster, [{ topic, partition: 0 }], 'highWatermark')
  const { visits } = answers.views.shop
  const endOffset = ends.get(topic)?.get(0) ?? 0
  const file = join(directory, 'session-index.snapshot')
  const isHeld = () => erasing.isErasing
  const snapshots = new VisitSnapshots({ file, visits, source: id, endOffset, isHeld, say })
  const reread = rereadOf(cluster, topic)
  answers.steps.onErasure = (erasure, offset) => erasing.add(erasure, offset)
  snapshots.load()
  const log = new ArrivedSteps(topic, visits.nextOffset, onApplied)
  const tail = new StepTail({ log, steps: answers.steps, onCaughtUp: () => erasing.start() })
  const erasing: ErasingVisits = new ErasingVisits({
    visits,
    reread,
    tail,
    onErased: () => snapshots.rewrite(),
    say
  })
  snapshots.start(tail)
  return {
    steps: { topic, from: visits.nextOffset },
    erasing,
    arrived: message => {
      log.add(message)
      tail.poke()
    },
    report: () => reportLearned(answers.views.shop, metrics),
    close: async () => {
      tail.close()
      await erasing.close()
      await snapshots.close()
    }
  }
}

function rereadOf(cluster: Cluster, topic: string): RereadSteps {
  const start = async () => (await offsetsOf(cluster, [{ topic, partition: 0 }], 'earliest')).get(topic)?.get(0) ?? 0
  const open = () => new PartitionReader(cluster, { lane: 'fetch erasures', readAheadBytesMax: rereadAheadBytes })
  return to => rereadSteps({ topic, open, start }, to)
}
