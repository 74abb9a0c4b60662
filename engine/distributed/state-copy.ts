import { streamTimesKey } from '../commit.ts'
import type { StreamCluster } from '../ports/cluster.ts'
import { NameIds } from '../stores/name-ids.ts'
import type { StateStore } from '../stores/state-store.ts'
import type { Plan, SubTopology } from '../task/plan.ts'
import { type Changelog, taskChangelogs } from './changelogs.ts'
import { readTimes, type Times } from './committed-times.ts'
import { type RestoreProgress, restore } from './restore.ts'

export interface StateCopyOptions {
  cluster: StreamCluster
  plan: Plan
  namespace: string
  group: string
  /** Empty. */
  store: StateStore
  now: () => number
  onProgress: (progress: RestoreProgress) => void
}

/**
 * Copies what the log holds of a store or a view, or of all of them, into a store of its own, so that it can be looked
 * into wherever the tasks run. Rows lie as workers keep them, with the stream times that the tasks have committed, so that
 * what is past its time to live is known as such. While the streams go on, places are some moments apart.
 */
export async function copyState(options: StateCopyOptions, name?: string): Promise<void> {
  const { cluster, plan, namespace, store, now, onProgress } = options
  const ids = new NameIds(store)
  const tasks = plan.subTopologies.flatMap(sub =>
    Array.from({ length: sub.partitions }, (_, partition) => ({ sub, partition }))
  )
  const all = tasks.flatMap(({ sub, partition }) => taskChangelogs(plan, `${sub.name}/${partition}`, namespace, ids))
  const changelogs = name === undefined ? all : all.filter(changelogOf(name, plan, namespace))
  const reader = cluster.reader('restore')
  try {
    await restore(changelogs, { cluster, reader, store, now, onProgress })
  } finally {
    reader.close()
  }
  await putTimes(tasks, options)
}

function changelogOf(name: string, { steps }: Plan, namespace: string): (changelog: Changelog) => boolean {
  const views = steps.flatMap(({ view }) => (view?.topic.name === name ? [view.log] : []))
  return ({ topic }) => topic === `${namespace}.${name}-changelog` || views.includes(topic)
}

async function putTimes(tasks: { sub: SubTopology; partition: number }[], options: StateCopyOptions): Promise<void> {
  const { cluster, group, store } = options
  const firsts = tasks.map(({ sub, partition }) => ({ topic: sub.sources[0].log, partition }))
  const committed = await cluster.committed(group, firsts)
  const times: Times = {}
  for (const first of firsts) {
    for (const [step, time] of Object.entries(readTimes(committed, first)?.times ?? {})) {
      times[`${step}/${first.partition}`] = time
    }
  }
  const rows = store.batch()
  rows.put('meta', streamTimesKey(group), Buffer.from(JSON.stringify(times)))
  store.write(rows)
}
