import { stop } from '../../engine/errors.ts'
import type { ItemIds } from '../../recommend/session-index/item-ids.ts'
import { profiles } from '../../recommend/session-index/parameters.ts'
import { ItemKnn } from './item-knn.ts'
import { LiveIndex } from './live-index.ts'
import type { Method } from './method.ts'
import { Popularity } from './popularity.ts'
import { SequentialRules } from './sequential-rules.ts'
import { VSknn } from './v-sknn.ts'
import { VmisKnn } from './vmis-knn.ts'

export interface MethodSettings {
  isStatic: boolean
  profile: keyof typeof profiles
}

const makers: Record<string, (ids: ItemIds, settings: MethodSettings) => Method> = {
  ours: (ids, { profile }) => new LiveIndex(ids, profiles[profile]),
  'ours-fast': ids => new LiveIndex(ids, profiles.fast),
  'ours-full': ids => new LiveIndex(ids, profiles.full),
  popularity: ids => new Popularity(ids),
  markov: ids => new SequentialRules(ids, { distanceMax: 1, nearestOnly: false }),
  sr: (ids, { isStatic }) => new SequentialRules(ids, { distanceMax: 10, nearestOnly: !isStatic }),
  'item-knn': ids => new ItemKnn(ids),
  'v-sknn': (ids, { isStatic }) => new VSknn(ids, { isStatic }),
  'vmis-knn': ids => new VmisKnn(ids)
}

const methodNames = Object.keys(makers)

export function methodOf(name: string, ids: ItemIds, settings: MethodSettings): Method {
  if (!(name in makers)) throw stop('usage', `There is no method "${name}"; there are: ${methodNames.join(', ')}.`)
  return makers[name](ids, settings)
}
