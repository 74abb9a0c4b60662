import test from 'ava'
import { planMemory, printMemoryPlan } from './memory-plan.ts'

test('the parts add up to the bound, and state leaves most of the heap to batches', t => {
  for (const memoryMb of [256, 512, 4_096]) {
    const plan = planMemory(memoryMb)
    t.is(plan.storeMb + plan.streamHeapMb + plan.creditsMb, memoryMb)
    t.true(plan.stateCacheMb < plan.streamHeapMb / 2)
  }
})

test('what is printed says how much each part gets', t => {
  t.is(printMemoryPlan(planMemory(512)), 'memory 512 MB: store 64, stream heap 416 (state 149), in flight 32')
})
