import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Config, LoadedConfig } from '../schemas/config.ts'
import { removeInstance, writeInstance } from './admin/instance.ts'
import { openReplica, type Replica } from './compose-replica.ts'
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

const drainGraceMs = 5_000
const { version } = createRequire(import.meta.url)('../package.json') as { version: string }

/** Where a replica keeps its views, and the note of where it runs. */
export function serveDirectory({ data_dir }: Config): string {
  return join(data_dir, 'serve')
}

/** A replica that answers from the views on Kafka, until it is told to end or something needs a human. */
export async function runServe(loaded: LoadedConfig): Promise<void> {
  const { http, api_keys, insecure } = loaded.config
  checkBinding({ host: http.host, keys: secretsOf(api_keys), insecure })
  const replica = new ServeProcess(loaded)
  try {
    await replica.start()
    await replica.untilTold()
  } finally {
    await replica.close()
  }
}

class ServeProcess {
  readonly #config: Config
  readonly #isConsentSet: boolean
  readonly #directory: string
  readonly #screen = new StartScreen(process.stderr)
  readonly #metrics: Metrics = createMetrics({ version })
  readonly #servers = new HttpServers()
  readonly #told = new UntilTold()
  #replica: Replica | null = null
  #edge: Edge | null = null
  #isNoted = false

  constructor({ config, sources }: LoadedConfig) {
    this.#config = config
    this.#isConsentSet = sources.get('consent.default') !== 'default'
    this.#directory = serveDirectory(config)
  }

  /** Answers as soon as it has caught up with what was there when it started; takes events before. */
  async start(): Promise<void> {
    const { http, serve, admin, kafka } = this.#config
    this.#screen.line(
      `millrace serve ${version}, node ${process.version}, brokers ${kafka.brokers.join(', ')}, views in ${this.#directory}`
    )
    this.#replica = await openReplica({
      config: this.#config,
      isConsentSet: this.#isConsentSet,
      directory: this.#directory,
      metrics: this.#metrics,
      say: line => this.#screen.line(line),
      onFatal: error => this.#told.fail(error)
    })
    const edge = this.#createEdge(this.#replica)
    this.#edge = edge
    const url = await this.#servers.listen(edge.app, http, await chooseTransport(serve.transport))
    const adminUrl = await this.#servers.listen(edge.admin, admin)
    writeInstance(this.#directory, { pid: process.pid, url, admin_url: adminUrl })
    this.#isNoted = true
    this.#screen.addresses({ url, adminUrl, isDemo: false })
  }

  untilTold(): Promise<void> {
    return this.#told.wait()
  }

  async close(): Promise<void> {
    this.#edge?.drain(drainGraceMs)
    await this.#servers.drain(drainGraceMs)
    this.#edge?.close()
    await this.#replica?.answers.flush()
    await this.#replica?.close()
    this.#metrics.close()
    if (this.#isNoted) removeInstance(this.#directory)
    this.#screen.close()
  }

  #createEdge(replica: Replica): Edge {
    const { ingest, erasures, freshness, answers, log, demo } = replica
    const directory = new ViewDirectory({
      views: answers.views,
      log,
      status: () => ({ load: demo.load, staleness_ms: freshness.state().staleness_ms, events: answers.events })
    })
    // Names are read ahead from the first look on.
    directory.searchCustomers('', 1)
    return createEdge({
      ...edgeSettings(this.#config),
      ingest,
      erasures,
      recommender: answers.recommender,
      freshness,
      changes: answers.feed,
      metrics: this.#metrics,
      version,
      routes: pageRoutes({ directory }),
      onIncident: ({ code, route, requestId, message }) =>
        this.#screen.line(`${code} in ${route} (${requestId}): ${message}`)
    })
  }
}
