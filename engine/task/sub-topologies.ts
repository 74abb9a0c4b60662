import type { Op, SourcePlan, StepPlan, SubTopology } from './plan.ts'

/** Groups sources and steps so that whatever reads the same topics in the same partition is one task. */
export function subTopologies(sources: readonly SourcePlan[], steps: readonly StepPlan[]): SubTopology[] {
  const groups = sources.map(source => ({
    sources: [source],
    steps: new Set(source.readers.flatMap(({ outs }) => stepsOf(outs)))
  }))
  for (let i = 0; i < groups.length; i++) {
    for (let j = groups.length - 1; j > i; j--) {
      if (![...groups[j].steps].some(step => groups[i].steps.has(step))) continue
      groups[i].sources.push(...groups[j].sources)
      for (const step of groups[j].steps) groups[i].steps.add(step)
      groups.splice(j, 1)
      j = groups.length
    }
  }
  return groups.map(group => ({
    name: group.sources.map(({ log }) => log).sort()[0],
    partitions: group.sources[0].partitions,
    sources: group.sources,
    steps: steps.filter(step => group.steps.has(step))
  }))
}

/** Steps that records reach without leaving for a topic. */
function stepsOf(ops: readonly Op[]): StepPlan[] {
  return ops.flatMap(op => {
    if (op.kind === 'step') return [op.step, ...stepsOf(op.step.outs)]
    return op.kind === 'sink' ? [] : stepsOf(op.outs)
  })
}
