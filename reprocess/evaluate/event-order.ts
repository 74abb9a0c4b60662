import type { EventColumns } from './event-columns.ts'

/** Files without times: so many seconds between two events. */
const clockS = 16
/** Without a test file, the last so much of the training file is the test part. */
const testShare = 0.1

export interface Stream {
  /** Numbers of events, in the order in which they are replayed. */
  order: Uint32Array
  /** Place in `order` of the first event of the test part. */
  testFrom: number
}

/** `trainCount`: so many events came from the training file. */
export function streamOf(columns: EventColumns, trainCount: number, isStatic: boolean): Stream {
  const isByTime = columns.isTimed && !isStatic
  const train = range(0, trainCount)
  const test = range(trainCount, columns.count)
  const stream = isByTime ? byTime(columns, trainCount) : bySessions(columns, train, test)
  if (!columns.isTimed) for (const [i, event] of stream.order.entries()) columns.times[event] = i * clockS
  return stream
}

/** Everything by (time, row); the test part begins with the first time of the test file, whoever acts. */
function byTime(columns: EventColumns, trainCount: number): Stream {
  const { times } = columns
  const order = range(0, columns.count).sort((a, b) => times[a] - times[b] || a - b)
  if (trainCount === columns.count) return { order, testFrom: Math.floor(order.length * (1 - testShare)) }
  let cut = Number.POSITIVE_INFINITY
  for (let event = trainCount; event < columns.count; event++) cut = Math.min(cut, times[event])
  return { order, testFrom: order.findIndex(event => times[event] >= cut) }
}

/** Session after session: in file order, or by the time of the last event. */
function bySessions(columns: EventColumns, train: Uint32Array, test: Uint32Array): Stream {
  const first = sessionAfterSession(columns, train)
  if (test.length === 0) {
    const end = Math.floor(first.length * (1 - testShare))
    let testFrom = end
    while (testFrom < first.length && testFrom > 0) {
      if (columns.sessions[first[testFrom]] !== columns.sessions[first[testFrom - 1]]) break
      testFrom++
    }
    return { order: first, testFrom }
  }
  const order = new Uint32Array(first.length + test.length)
  order.set(first)
  order.set(sessionAfterSession(columns, test), first.length)
  return { order, testFrom: first.length }
}

function sessionAfterSession({ sessions, times, isTimed }: EventColumns, events: Uint32Array): Uint32Array {
  if (!isTimed) return events
  const last = new Map<number, number>()
  for (const event of events) {
    const session = sessions[event]
    last.set(session, Math.max(last.get(session) ?? 0, times[event]))
  }
  const compare = (a: number, b: number) => {
    const [first, second] = [sessions[a], sessions[b]]
    if (first === second) return times[a] - times[b] || a - b
    return last.get(first)! - last.get(second)! || first - second
  }
  return events.sort(compare)
}

function range(from: number, to: number): Uint32Array {
  return Uint32Array.from({ length: to - from }, (_, i) => from + i)
}
