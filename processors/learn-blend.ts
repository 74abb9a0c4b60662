import { codec, processor, table, value } from '../engine/index.ts'
import { predictions } from '../recommend/blend/publishing-gate.ts'
import type { SavedLearner, SessionLearner } from '../recommend/blend/session-learner.ts'
import { StepLearner } from '../recommend/blend/step-learner.ts'
import { weightCount } from '../recommend/blend/weights.ts'
import type { SessionId } from '../schemas/ids.ts'
import { isErasure, type SessionErasure, type SessionStep } from '../schemas/session-step.ts'
import type { BlendWeights } from '../schemas/views.ts'
import { readNumbers, writeNumbers } from './number-lists.ts'

type Learned = Omit<SavedLearner, 'gate'> & { predicted: number }

/** 11 KB, written once per unit that learned something. */
const learnedCodec = codec<Learned>({
  version: 1,
  memoryFactor: 1.2,
  write(out, { weights, squares, steps, skipped, predicted, published }) {
    for (const numbers of [weights, squares, published.weights]) writeNumbers(out, numbers)
    out.f64(steps).f64(skipped).f64(predicted).f64(published.version).f64(published.withheld).f64(published.lead)
  },
  read(input) {
    const [weights, squares, served] = Array.from({ length: 3 }, () => readNumbers(input, weightCount))
    const [steps, skipped, predicted] = [input.f64(), input.f64(), input.f64()]
    const [version, withheld, lead] = [input.f64(), input.f64(), input.f64()]
    return { weights, squares, steps, skipped, predicted, published: { weights: served, version, withheld, lead } }
  }
})

const perRow = 250
const differencesCodec = codec<Int32Array>({
  version: 1,
  memoryFactor: 2,
  write(out, differences) {
    for (let i = 0; i < perRow; i++) out.zigzag(differences[i])
  },
  read: input => Int32Array.from({ length: perRow }, () => input.zigzag())
})

const state = {
  learned: value(learnedCodec, { equality: 'order' }),
  /** Of the publishing gate, by the row's number: a prediction changes one. */
  differences: table(differencesCodec, { layout: 'rows', equality: 'order' })
}

/**
 * Predicts every third step from the session index, learns from what the step really was, and publishes the weights that
 * are finite and no worse than the fixed blend. One sequential consumer: the order of the topic defines what it learns.
 *
 * An erasure takes nothing back here: of one person a few hundred weights over everybody keep a trace until the next
 * replay, and the index that they are learned with keeps the visits until the topic has let go of them.
 */
export function learnBlend() {
  return processor<
    SessionId,
    SessionStep | SessionErasure | null,
    never,
    never,
    BlendWeights,
    typeof state,
    StepLearner
  >({
    name: 'learn-blend',
    state,
    stateKey: 'blend',
    index: {
      create: () => new StepLearner(),
      apply: (learner, { value: step }, offset) =>
        step === null || isErasure(step) ? learner.pass() : learner.take(step, offset)
    },
    process(_, { learned, differences }, _emit, learner) {
      const changed = learner.learn(() => restored(learned.get(), differences.entries()))
      if (!changed) return
      learned.set(learnedOf(changed))
      const row = Math.floor(((changed.gate.count - 1) % predictions) / perRow)
      differences.set(`${row}`, changed.gate.differences.subarray(row * perRow, (row + 1) * perRow))
    },
    view(_, { learned }) {
      const { weights, version, withheld, lead } = learned.get()?.published ?? { version: 0, withheld: 0, lead: 0 }
      return weights && version + withheld > 0 ? { version, weights: [...weights], withheld, lead } : null
    }
  })
}

/** The learner's own arrays: they are written out with the unit, which no later step belongs to. */
function learnedOf({ learner, gate, published }: SessionLearner): Learned {
  const { weights, squares, steps, skipped } = learner
  return { weights, squares, steps, skipped, predicted: gate.count, published }
}

function restored(learned: Learned | undefined, rows: Iterable<[string, Int32Array]>): SavedLearner | undefined {
  if (!learned) return undefined
  const differences = new Int32Array(predictions)
  for (const [row, values] of rows) differences.set(values, Number(row) * perRow)
  return { ...learned, gate: { differences, count: learned.predicted } }
}
