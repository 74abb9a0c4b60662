import test from 'ava'
import { days } from '../engine/index.ts'
import { allTopologies } from './index.ts'
import { differences, run } from './testing/run.ts'
import { traffic } from './testing/traffic.ts'
import { trafficDigest, trafficViews as views } from './testing/traffic-digest.ts'

const seed = Number(process.env.SEED ?? 11)
/** Vectors follow what people do after at most four weeks. */
const thenMs = days(33)

for (const purchaseSource of ['orders', 'events'] as const) {
  const arrivals = traffic(seed, { purchaseEvents: true })
  const topologies = allTopologies({ purchaseSource })
  const once = run(topologies, arrivals, { thenMs })

  test(`with purchases from ${purchaseSource}, the traffic leaves something in every view (seed ${seed})`, t => {
    for (const view of views)
      t.true(once.viewAll(view as any).size > (['blend', 'basket'].includes(view.name) ? 0 : 5), view.name)
    t.deepEqual(once.deadLetters(), [])
    t.true(once.stream.stats.duplicates > 0)
    t.true(once.stream.stats.filtered > 0)
  })

  for (const [what, options] of [
    ['in units of one record', { unitRecords: 1 }],
    ['in units of 7 records', { unitRecords: 7, batchRecords: 3 }],
    ['in units of 100 records, with hardly any memory', { unitRecords: 100, cacheBytes: 20_000 }]
  ] as const) {
    test(`purchases from ${purchaseSource}: the same log ${what} leaves the same views (seed ${seed})`, t => {
      const again = run(topologies, arrivals, { ...options, thenMs })
      for (const view of views) {
        t.deepEqual(differences(view as any, once.viewAll(view as any), again.viewAll(view as any)), [], view.name)
      }
    })
  }

  test(`purchases from ${purchaseSource}: four partitions leave the same, but for what depends on order (seed ${seed})`, t => {
    const again = run(topologies, arrivals, { partitions: 4, unitRecords: 50, thenMs })
    for (const view of views.filter(({ equality }) => equality !== 'order')) {
      t.deepEqual(differences(view as any, once.viewAll(view as any), again.viewAll(view as any)), [], view.name)
    }
  })
}

/** What the same traffic leaves on every runtime and machine; another digest means that a replay gives other answers. */
test('the views of a fixed traffic have a known digest', t => {
  t.is(trafficDigest(), '6c9b1e0fa0ee5932')
})
