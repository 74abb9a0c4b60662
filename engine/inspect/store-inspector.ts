import { createHash } from 'node:crypto'
import { streamTimesKey } from '../commit.ts'
import { stop } from '../errors.ts'
import type { Log } from '../log/log.ts'
import type { StoreDigest, StoredEntry, StoreInfo, StoreInspector } from '../ports/store-inspector.ts'
import { readNameIds } from '../stores/name-ids.ts'
import type { StoreReader } from '../stores/state-store.ts'
import { type Plan, plan, type StepPlan } from '../task/plan.ts'
import type { Equality } from '../topic.ts'
import type { Topology } from '../topology.ts'
import { plain } from './plain.ts'
import { type Entry, type StateLayout, stateEntries, timerEntries, viewEntries } from './stored-entries.ts'
import { verifyLog, verifyStores, verifyViews } from './verify.ts'

export interface InspectorOptions {
  store: StoreReader
  log: Pick<Log, 'topics' | 'read' | 'startOffset' | 'endOffset'>
  topologies: readonly Topology[]
  /** That have written views of today's before: rows of theirs stand as long as nothing replaces them. */
  earlier?: readonly Topology[]
  namespace: string
  partitions: number
  group?: string
}

/** One store or view as it lies in the directory and as this release declares it. */
export interface KnownStore extends StoreInfo {
  id: number
  step: StepPlan | null
  spec: StateLayout | null
  decode: ((bytes: Buffer) => unknown) | null
}

export class EngineInspector implements StoreInspector {
  readonly plan: Plan
  readonly options: InspectorOptions
  readonly #group: string

  constructor(options: InspectorOptions) {
    this.options = options
    this.plan = plan(options.topologies, options)
    this.#group = options.group ?? 'millrace'
  }

  stores(): StoreInfo[] {
    return this.known().map(({ store, kind, class: equality, tolerance }) => ({
      store,
      kind,
      class: equality,
      tolerance
    }))
  }

  known(): KnownStore[] {
    const declared = new Map<string, Omit<KnownStore, 'id' | 'store'>>()
    for (const step of this.plan.steps) {
      const { state } = step.processor
      for (const { name, state: stateName } of step.stores) {
        const spec = state[stateName] as StateLayout
        declared.set(name, { kind: spec.kind, ...classOf([spec.equality]), step, spec, decode: null })
      }
      const equalities = Object.values(state as Record<string, StateLayout>).map(({ equality }) => equality)
      declared.set(step.timers, { kind: 'timers', ...classOf(equalities), step, spec: null, decode: null })
      if (!step.view) continue
      const { topic } = step.view
      const decode = (bytes: Buffer) => topic.value.decode(bytes)
      const { equality } = topic as unknown as { equality: Equality }
      declared.set(viewId(topic.name), { kind: 'view', ...classOf([equality]), step, spec: null, decode })
    }
    const unknown = { kind: 'unknown', class: null, tolerance: null, step: null, spec: null, decode: null } as const
    const { store } = this.options
    const stores = [...readNameIds(store, 'store')].map(([name, id]) => ({
      ...(declared.get(name) ?? unknown),
      store: name,
      id
    }))
    const views = [...readNameIds(store, 'view')].map(([name, id]) => ({
      ...(declared.get(viewId(name)) ?? unknown),
      store: name,
      id
    }))
    return [...stores, ...views].sort((a, b) => (a.store < b.store ? -1 : 1))
  }

  *size(name: string): Generator<void, { keys: number; bytes: number }> {
    let keys = 0
    let bytes = 0
    for (const entry of this.entries(this.#find(name))) {
      keys++
      bytes += entry.bytes
      yield
    }
    return { keys, bytes }
  }

  get(name: string, key: string): StoredEntry | null {
    const known = this.#find(name)
    if (known.kind === 'timers') throw stop('store_has_no_keys', `${name} holds timers: use store scan.`)
    for (const entry of this.entries(known, key)) {
      if (entry.key === key) return shown(entry)
      if (!entry.key.startsWith(key)) break
    }
    return null
  }

  *scan(name: string, prefix: string): Generator<StoredEntry> {
    for (const entry of this.entries(this.#find(name), prefix)) yield shown(entry)
  }

  *digest(name?: string): Generator<void, StoreDigest[]> {
    const chosen = name === undefined ? this.known().filter(({ kind }) => kind !== 'unknown') : [this.#find(name)]
    const digests: StoreDigest[] = []
    for (const known of chosen) digests.push(yield* this.#digestOf(known))
    return digests
  }

  *verify() {
    const found = [...(yield* verifyLog(this.options.log))]
    found.push(...(yield* verifyStores(this)))
    found.push(...(yield* verifyViews(this, this.plan.steps, this.#earlierSteps())))
    return found
  }

  /** Steps that publish, and that today's plan does not have. */
  #earlierSteps(): StepPlan[] {
    const { earlier = [] } = this.options
    const nameOf = ({ topology, name }: StepPlan) => `${topology}/${name}`
    const today = new Set(this.plan.steps.map(nameOf))
    return earlier.flatMap(one => plan([one], this.options).steps).filter(step => !today.has(nameOf(step)))
  }

  /** What is there by the store's own rules: without what is past its time to live, without bookkeeping timers. */
  *entries(known: KnownStore, prefix = ''): Generator<Entry> {
    const { store } = this.options
    const { kind, id, spec, step, decode } = known
    const horizon = step ? this.horizonOf(step) : Number.NEGATIVE_INFINITY
    if (kind === 'view' && decode) yield* viewEntries(store, id, decode, prefix)
    else if (kind === 'timers') {
      for (const entry of timerEntries(store, id)) {
        const { at, kind: what } = entry.value as { at: number; kind: number }
        if (what === 0 && at > horizon && entry.key.startsWith(prefix)) yield { ...entry, value: { at: timeText(at) } }
      }
    } else if (spec) {
      const ttlMs = spec.ttlMs ?? Number.POSITIVE_INFINITY
      for (const entry of stateEntries(store, id, spec, prefix)) {
        if (!(entry.touched + ttlMs < horizon)) yield entry
      }
    }
  }

  /** The latest stream time of any of a step's tasks. */
  horizonOf(step: StepPlan): number {
    const times = this.streamTimes()
    let horizon = Number.NEGATIVE_INFINITY
    for (let partition = 0; partition < step.partitions; partition++) {
      for (const time of times[`${step.topology}/${step.name}/${partition}`]?.slice(0, 2) ?? []) {
        if (time !== null && time > horizon) horizon = time
      }
    }
    return horizon
  }

  streamTimes(): Record<string, (number | null)[]> {
    const [stored] = this.options.store.getMany('meta', [streamTimesKey(this.#group)])
    return stored ? JSON.parse(stored.toString()) : {}
  }

  *#digestOf(known: KnownStore): Generator<void, StoreDigest> {
    const hash = createHash('sha256')
    const digits = known.tolerance === null ? undefined : Math.max(1, Math.floor(-Math.log10(known.tolerance)))
    let keys = 0
    for (const { key, value } of this.entries(known)) {
      hash.update(`${JSON.stringify([key, plain(value, digits)])}\n`)
      keys++
      yield
    }
    const digest: StoreDigest = { store: known.store, class: known.class ?? 'exact', keys, digest: hash.digest('hex') }
    if (digits === undefined) return digest
    const note = `Of values rounded to ${digits} significant digits; runs that agree within ${known.tolerance} may still differ here.`
    return { ...digest, note }
  }

  #find(name: string): KnownStore {
    const found = this.known().find(({ store }) => store === name)
    if (!found) throw stop('store_unknown', `There is no store or view ${name}: see store list.`)
    if (found.kind === 'unknown') {
      throw stop(
        'store_of_other_release',
        `No topology of this release has the store ${name}: run the release that wrote it to look inside.`
      )
    }
    return found
  }
}

/** Names of views and stores are apart in the directory, so they are here. */
const viewId = (name: string) => `view ${name}`

function classOf(equalities: readonly Equality[]): Pick<StoreInfo, 'class' | 'tolerance'> {
  const tolerances = equalities.flatMap(one => (typeof one === 'object' ? [one.tolerance] : []))
  if (tolerances.length > 0) return { class: 'tolerance', tolerance: Math.max(...tolerances) }
  return { class: equalities.includes('order') ? 'order' : 'exact', tolerance: null }
}

function shown({ key, partition, value, touched }: Entry): StoredEntry {
  const entry: StoredEntry = { key, partition, value: plain(value) }
  return Number.isFinite(touched) ? { ...entry, touched: timeText(touched) } : entry
}

function timeText(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString()
}
