import test from 'ava'
import { loadConfig } from '../../schemas/config.ts'
import { memoryOfThread } from './memory-of-thread.ts'

const configured = (memoryMb: number, threads: number) =>
  loadConfig({ env: {}, flags: { 'stream.memory_max_mb': memoryMb, 'stream.threads': threads } }).config

test('threads share the memory of the process evenly', t => {
  t.is(memoryOfThread(configured(1_000, 3)), 333)
  t.is(memoryOfThread(configured(512, 2)), 256)
})

test('a process that has too little for its threads stops at its start, and says how much is enough', t => {
  const error = t.throws(() => memoryOfThread(configured(512, 4)), { code: 'bad_config' })
  t.is(
    error?.message,
    'stream.memory_max_mb is 512 for 4 threads, and each needs 256 MB: say at least 1024, or fewer stream.threads.'
  )
})
