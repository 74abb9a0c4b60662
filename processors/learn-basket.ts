import { codec, processor, value } from '../engine/index.ts'
import { BasketLearner, type LearnedBaskets } from '../recommend/basket/basket-learner.ts'
import { weightCount } from '../recommend/basket/basket-ranker.ts'
import type { BasketStep } from '../schemas/basket-step.ts'
import type { OrderId } from '../schemas/ids.ts'
import type { BasketWeights } from '../schemas/views.ts'
import { readNumbers, writeNumbers } from './number-lists.ts'

/** 4 KB, written once per unit that learned something. */
const learnedCodec = codec<LearnedBaskets>({
  version: 1,
  memoryFactor: 1.2,
  write(out, { weights, squares, steps, skipped, published, lead }) {
    for (const numbers of [weights, squares, published.weights]) writeNumbers(out, numbers)
    out.f64(steps).f64(skipped).f64(lead).f64(published.version).f64(published.withheld).f64(published.lead)
  },
  read(input) {
    const [weights, squares, served] = Array.from({ length: 3 }, () => readNumbers(input, weightCount))
    const [steps, skipped, lead] = [input.f64(), input.f64(), input.f64()]
    const published = { weights: served, version: input.f64(), withheld: input.f64(), lead: input.f64() }
    return { weights, squares, steps, skipped, published, lead }
  }
})

const state = { learned: value(learnedCodec, { equality: 'order' }) }

/**
 * Predicts every third basket of a known customer, learns what they really ordered, and publishes the weights that are
 * finite and no worse than the fixed ones. One sequential consumer: the order of the topic defines what it learns. An
 * erased basket is forgotten; what was learned from it stays in a few hundred weights until the next replay.
 */
export function learnBasket() {
  return processor<OrderId, BasketStep | null, never, never, BasketWeights, typeof state, BasketLearner>({
    name: 'learn-basket',
    state,
    stateKey: 'basket',
    index: {
      create: () => new BasketLearner(),
      apply: (learner, { key, value: step }, offset) => learner.take(key, step && orderedIn(step), offset)
    },
    process(_, { learned }, _emit, learner) {
      const changed = learner.learn(() => learned.get())
      if (changed) learned.set(changed)
    },
    view(_, { learned }) {
      const { weights, version, withheld, lead } = learned.get()?.published ?? { version: 0, withheld: 0, lead: 0 }
      return weights && version + withheld > 0 ? { version, weights: [...weights], withheld, lead } : null
    }
  })
}

const orderedIn = ({ customer, ts, items }: BasketStep) => ({ customer, items, timeS: ts / 1000 })
