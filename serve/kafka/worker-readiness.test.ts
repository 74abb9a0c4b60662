import test from 'ava'
import { WorkerReadiness } from './worker-readiness.ts'

test('a process is ready when all of its threads have their tasks and their state', t => {
  const readiness = new WorkerReadiness(2)
  t.deepEqual(readiness.ready(), { ready: false, detail: '2 of 2 threads wait for their tasks' })
  readiness.hear(0, { type: 'tasks', tasks: 3, restoring: 0, stopped: [] })
  t.false(readiness.ready().ready)
  readiness.hear(1, { type: 'tasks', tasks: 4, restoring: 2, stopped: [] })
  readiness.hear(1, { type: 'restore', progress: [['changelog', 0, 70, 30]] })
  t.deepEqual(readiness.ready(), {
    ready: false,
    detail: 'restoring the state of 2 tasks: 70 changelog records read, at most 30 to come'
  })
  readiness.hear(1, { type: 'tasks', tasks: 4, restoring: 0, stopped: [] })
  t.deepEqual(readiness.ready(), { ready: true, detail: 'running 7 tasks in 2 threads' })
})

test('a process without a task of its own is ready: it stands by', t => {
  const readiness = new WorkerReadiness(1)
  readiness.hear(0, { type: 'tasks', tasks: 0, restoring: 0, stopped: [] })
  t.true(readiness.ready().ready)
})

test('a thread that died is waited for again', t => {
  const readiness = new WorkerReadiness(1)
  readiness.hear(0, { type: 'tasks', tasks: 3, restoring: 0, stopped: [] })
  readiness.lost(0)
  t.false(readiness.ready().ready)
})

test('a process with a task that waits for a human is not ready, and says what to do', t => {
  const readiness = new WorkerReadiness(1)
  const message = 'The records are no longer kept: raise the topic’s retention.'
  const stopped = [{ task: 'touches/2', code: 'offset_out_of_range', message }]
  readiness.hear(0, { type: 'tasks', tasks: 3, restoring: 0, stopped })
  t.deepEqual(readiness.ready(), {
    ready: false,
    detail: `task touches/2 waits for a human, the others run: ${message}`
  })
  readiness.hear(0, { type: 'tasks', tasks: 2, restoring: 0, stopped: [] })
  t.true(readiness.ready().ready)
})
