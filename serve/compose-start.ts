import { createRequire } from 'node:module'
import type { LogReader } from '../engine/log/log-reader.ts'
import { ticks } from '../engine/stream.ts'
import type { Config } from '../schemas/config.ts'
import { orders } from '../schemas/topics.ts'
import { removeInstance, writeInstance } from './admin/instance.ts'
import { composeAdmin } from './compose-admin.ts'
import { type DemoLoad, loadDemo, readDemoNote } from './compose-demo.ts'
import { type Embedded, openEmbedded } from './compose-embedded.ts'
import { composeServing, type Serving } from './compose-serving.ts'
import { keepTopologies } from './compose-topologies.ts'
import type { DemoProgress } from './demo/demo-thread-data.ts'
import { letAnswersGoFirst } from './embedded/answers-first.ts'
import { planMemory, printMemoryPlan } from './embedded/memory-plan.ts'
import { checkBinding, secretsOf } from './http/auth.ts'
import { createEdge, type Edge } from './http/edge.ts'
import { edgeSettings } from './http/edge-settings.ts'
import { HttpServers } from './http-servers.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { pageRoutes } from './page/page-routes.ts'
import { ViewDirectory } from './page/view-directory.ts'
import { StartScreen } from './start-screen.ts'
import { chooseTransport } from './transport/choose-transport.ts'
import { UntilTold } from './until-told.ts'

export interface StartOptions {
  /** undefined: the demo is loaded into a directory that is empty, or has been begun there. */
  demo?: boolean
  acceptLoss: boolean
}

const drainGraceMs = 5_000
const { version } = createRequire(import.meta.url)('../package.json') as { version: string }

/** The whole of Millrace in one process, until it is told to end or something needs a human. */
export async function runStart(config: Config, { demo, acceptLoss }: StartOptions): Promise<void> {
  checkBinding({ host: config.http.host, keys: secretsOf(config.api_keys), insecure: config.insecure })
  const screen = new StartScreen(process.stderr)
  const memory = planMemory(config.stream.memory_max_mb)
  screen.line(`millrace ${version}, node ${process.version}, data in ${config.data_dir}; ${printMemoryPlan(memory)}`)
  const embedded = await openEmbedded({
    directory: config.data_dir,
    partitions: config.embedded.partitions,
    namespace: config.namespace,
    fsyncIntervalMs: config.embedded.fsync_interval_ms,
    commitIntervalMs: config.stream.commit_interval_ms,
    catchUpIntervalMs: config.stream.catch_up_interval_ms,
    cacheMb: memory.stateCacheMb,
    storeMb: memory.storeMb,
    streamHeapMb: memory.streamHeapMb,
    excludedIds: config.excluded_ids,
    purchaseSource: log => purchaseSource(config, log, demo),
    acceptLoss
  })
  if (embedded.lostCommits > 0) screen.line(`${embedded.lostCommits} commits were lost and are accepted as lost.`)
  await keepTopologies(config)
  const instance = new RunningInstance(config, embedded, screen)
  try {
    await instance.serve(demo ?? isDemoDirectory(embedded.log))
    await instance.untilTold()
  } finally {
    await instance.close()
  }
}

function purchaseSource({ purchase_source }: Config, log: LogReader, demo: boolean | undefined) {
  if (purchase_source !== 'auto') return { from: purchase_source, isFixed: true }
  const isFed = (demo ?? isDemoDirectory(log)) || hasRecords(log, orders.name)
  return { from: isFed ? ('orders' as const) : ('events' as const), isFixed: false }
}

/** One where the demo was begun, or where there is nothing yet. */
function isDemoDirectory(log: LogReader): boolean {
  if (readDemoNote(log)) return true
  return log.topics().every(({ name }) => name === ticks || !hasRecords(log, name))
}

function hasRecords(log: LogReader, topic: string): boolean {
  const spec = log.topics().find(({ name }) => name === topic)
  if (!spec) return false
  return Array.from({ length: spec.partitions }, (_, partition) => log.endOffset(topic, partition)).some(end => end > 0)
}

class RunningInstance {
  readonly #config: Config
  readonly #embedded: Embedded
  readonly #screen: StartScreen
  readonly #metrics: Metrics = createMetrics({ version })
  #edge: Edge | null = null
  #serving: Serving | null = null
  readonly #servers = new HttpServers()
  readonly #told = new UntilTold()
  #demo: DemoLoad | null = null
  #progress: DemoProgress | null = null

  constructor(config: Config, embedded: Embedded, screen: StartScreen) {
    this.#config = config
    this.#embedded = embedded
    this.#screen = screen
    embedded.client.onFatal = error => this.#told.fail(error)
  }

  /** Answers from here on, also while the demo is still being loaded. */
  async serve(isDemo: boolean): Promise<void> {
    const { http, serve, admin, data_dir } = this.#config
    const consentDefault = isDemo ? 'granted' : this.#config.consent.default
    const serving = composeServing({
      embedded: this.#embedded,
      config: this.#config,
      metrics: this.#metrics,
      consentDefault,
      say: line => this.#screen.line(line)
    })
    this.#serving = serving
    const edge = this.#createEdge(serving)
    this.#edge = edge
    const url = await this.#servers.listen(edge.app, http, await chooseTransport(serve.transport))
    const adminUrl = await this.#servers.listen(edge.admin, admin)
    writeInstance(data_dir, { pid: process.pid, url, admin_url: adminUrl })
    this.#tellReadiness(serving)
    this.#screen.addresses({ url, adminUrl, isDemo })
    letAnswersGoFirst()
    if (isDemo) await this.#loadDemo()
  }

  /** Once all visits and orders are read: until then events and rows are taken, and lists refused with `not_ready`. */
  #tellReadiness({ freshness, visits, views: { orderScan } }: Serving): void {
    const tell = () => {
      const detail = `reading visits: ${visits.left} steps to come; reading orders: ${orderScan.count} so far`
      freshness.setReady({ ready: false, detail })
    }
    tell()
    orderScan.onProgress = tell
    const read = Promise.all([visits.indexed, orderScan.completed])
    void read.then(() => freshness.setReady({ ready: true, detail: 'answering' }))
  }

  /** Until a signal, or an error that only a human can mend. */
  async untilTold(): Promise<void> {
    await this.#told.wait()
  }

  async close(): Promise<void> {
    this.#screen.close()
    await this.#demo?.stop()
    this.#edge?.drain(drainGraceMs)
    await this.#servers.drain(drainGraceMs)
    this.#edge?.close()
    await this.#serving?.flush()
    await this.#serving?.visits.close()
    this.#serving?.views.orderScan.close()
    this.#metrics.close()
    removeInstance(this.#config.data_dir)
    await this.#embedded.close()
  }

  #createEdge(serving: Serving): Edge {
    const directory = new ViewDirectory({
      views: serving.views,
      log: this.#embedded.log,
      status: () => ({
        load: this.#progress && {
          rows: this.#progress.rows,
          rows_total: this.#progress.rowsTotal,
          done: this.#progress.isDone
        },
        staleness_ms: serving.freshness.state().staleness_ms,
        events: serving.events
      })
    })
    return createEdge({
      ingest: serving.ingest,
      erasures: serving.erasures,
      recommender: serving.recommender,
      freshness: serving.freshness,
      changes: serving.changes,
      metrics: this.#metrics,
      version,
      ...edgeSettings(this.#config),
      routes: pageRoutes({ directory }),
      adminRoutes: composeAdmin(this.#embedded, this.#config, {
        beforeAppend: serving.beforeAppend,
        onAppended: commit => serving.freshness.written(commit)
      }),
      onIncident: ({ code, route, requestId, message }) =>
        this.#screen.line(`${code} in ${route} (${requestId}): ${message}`)
    })
  }

  async #loadDemo(): Promise<void> {
    this.#demo = await loadDemo(this.#embedded, ({ rows, rowsTotal }) => {
      // It is done when the answers have it, not when the log does.
      this.#progress = { rows, rowsTotal, isDone: false }
      this.#screen.progress(rows, rowsTotal)
    })
    if (!this.#demo) {
      const { rows = 0 } = readDemoNote(this.#embedded.log) ?? {}
      this.#progress = { rows, rowsTotal: rows, isDone: true }
      return
    }
    void this.#demo.finished
      .then(() => this.#embedded.client.flush())
      .then(() => {
        if (this.#progress) this.#progress = { ...this.#progress, isDone: true }
        this.#screen.loaded()
      })
      .catch(error => this.#told.fail(error))
  }
}
