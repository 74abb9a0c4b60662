import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { stop } from '../engine/errors.ts'
import { evaluateOptions } from '../reprocess/evaluate/options.ts'
import { type Config, type LoadedConfig, requireEmbedded } from '../schemas/config.ts'
import { isAlive, readInstance } from './admin/instance.ts'
import type { CommandContext, ErasingPeople, OpenHow, RowTopic, Session } from './cli/context.ts'
import { keepTopologies, purchaseSourceOf, readTopologies, topologiesOf } from './compose-topologies.ts'

/** What commands need, fetched when they need it: `millrace config --help` opens no database and parses no schema. */
export function composeCommands(): CommandContext {
  return {
    open: async (loaded, how) => {
      if (loaded.config.log === 'kafka') return openOnKafka(loaded, how)
      return (await viaInstance(loaded.config)) ?? (how.write ? openToWrite(loaded, how) : openToRead(loaded))
    },
    topicBook: async config => {
      const [{ composeTopicBook }, topologies] = await Promise.all([import('./compose-books.ts'), topologiesOf(config)])
      return composeTopicBook(topologies, config.namespace)
    },
    topologyBook: async config => {
      const [{ composeTopologyBook }, topologies] = await Promise.all([
        import('./compose-books.ts'),
        topologiesOf(config)
      ])
      return composeTopologyBook(topologies)
    },
    firstTopologies: async ({ data_dir }) => readTopologies(data_dir),
    files: openFiles,
    rowTopics,
    erasing,
    demo: async () => (await import('./compose-demo-history.ts')).composeDemoHistory(),
    importLines: async (lines, append) => (await import('../engine/log/topic-lines.ts')).importLines(lines, append),
    checkSchemas: async against => (await import('../schemas/schema-check.ts')).checkSchemas(against),
    registry: async ({ config }) => (await import('./compose-registry.ts')).composeRegistry(config),
    kafkaFindings: async function* (config) {
      yield* (await import('./compose-doctor.ts')).kafkaFindings(config)
    },
    acls: async config => (await import('./compose-acls.ts')).composeAcls(config),
    evaluation: {
      options: evaluateOptions,
      run: async (args, output) => (await import('../reprocess/evaluate/command.ts')).evaluate(args, output)
    },
    stack: async directory => new (await import('../deploy/stack/stack.ts')).Stack(directory),
    stream: async ({ config }) => (await import('./compose-stream.ts')).runStream(config),
    drainStream: async ({ config }) => {
      const { drainWorker } = await import('./kafka/drain-worker.ts')
      await drainWorker(join(config.data_dir, 'stream'))
    },
    serve: async loaded => (await import('./compose-serve.ts')).runServe(loaded),
    start: async (loaded, how) => {
      requireEmbedded(loaded, 'millrace start')
      const { runStart } = await import('./compose-start.ts')
      await runStart(loaded.config, how)
    }
  }
}

async function viaInstance(config: Config): Promise<Session | null> {
  const instance = readInstance(config.data_dir)
  // One that was killed leaves its note behind; whoever opens the directory then finds it free, or says who has it.
  if (!instance || !(await isAlive(instance))) return null
  const { remoteOperations } = await import('./admin/remote.ts')
  const key = config.api_keys.find(({ scopes }) => scopes.includes('admin'))?.key ?? null
  return { operations: remoteOperations(instance.admin_url, key), isRemote: true, close: async () => undefined }
}

async function openOnKafka({ config }: LoadedConfig, how: OpenHow): Promise<Session> {
  const [{ openKafkaSession }, { Progress }, { say }] = await Promise.all([
    import('./compose-kafka-session.ts'),
    import('./cli/progress.ts'),
    import('./cli/output.ts')
  ])
  const progress = new Progress('processed')
  let most = 0
  const onProgress = (left: number) => {
    most = Math.max(most, left)
    progress.show({ rows: most - left, part: (most - left) / Math.max(most, 1) })
    if (left === 0) progress.end()
  }
  return openKafkaSession(config, how, { onProgress, say })
}

async function openToRead({ config }: LoadedConfig): Promise<Session> {
  const { data_dir, namespace, stream } = config
  if (!existsSync(join(data_dir, 'db'))) {
    throw stop(
      'data_dir_missing',
      `There is no data directory ${data_dir}: start Millrace or load something first, or say where it is with --data.`
    )
  }
  const [{ openDataDirectory }, { LogReader }, { composeOperations }, { planMemory }] = await Promise.all([
    import('../engine/log/data-directory.ts'),
    import('../engine/log/log-reader.ts'),
    import('./compose-operations.ts'),
    import('./embedded/memory-plan.ts')
  ])
  const { store, lostCommits, close } = await openDataDirectory(data_dir, {
    memoryMb: planMemory(stream.memory_max_mb).storeMb
  })
  try {
    const log = new LogReader(store)
    const topologies = await topologiesOf(config, log)
    const bytesOnDisk = () => store.bytesOnDisk()
    const operations = composeOperations({
      store,
      log,
      topologies: () => topologies,
      namespace,
      lostCommits,
      bytesOnDisk,
      client: null
    })
    return { operations, isRemote: false, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function openToWrite({ config }: LoadedConfig, { acceptLoss }: OpenHow): Promise<Session> {
  const [{ openEmbedded }, { writingOperations }, { planMemory }] = await Promise.all([
    import('./compose-embedded.ts'),
    import('./compose-admin.ts'),
    import('./embedded/memory-plan.ts')
  ])
  const memory = planMemory(config.stream.memory_max_mb)
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
    purchaseSource: log => ({ from: purchaseSourceOf(config, log), isFixed: config.purchase_source !== 'auto' }),
    acceptLoss
  })
  await keepTopologies(config)
  return { operations: writingOperations(embedded, config), isRemote: false, close: embedded.close }
}

async function openFiles() {
  const [{ readRows }, { rowReaders, rowTypes }, { parseDuration }] = await Promise.all([
    import('../connectors/files/read-rows.ts'),
    import('../connectors/files/row-types.ts'),
    import('../connectors/files/duration.ts')
  ])
  return {
    read: (path: string, { type, ...options }: { type?: string }) =>
      readRows(
        path,
        rowTypes.find(known => known === type),
        options
      ),
    rowFrom: (type: string, json: unknown) => rowReaders[type as (typeof rowTypes)[number]].from(json, Date.now()),
    durationMs: parseDuration,
    rowTypes
  }
}

async function erasing(): Promise<ErasingPeople> {
  const [{ erasureOf, erasureRecord }, { receiptOf }, { erasureRequests, erasures }] = await Promise.all([
    import('./erasures/erasure-book.ts'),
    import('./erasures/receipt.ts'),
    import('../schemas/topics.ts')
  ])
  return {
    begin: userId => {
      const erasure = erasureOf(userId, Date.now())
      const names = { topic: erasureRequests.name, view: erasures.name }
      return { erasureId: erasure.erasure_id, ...names, record: erasureRecord(erasure) }
    },
    receipt: receiptOf
  }
}

async function rowTopics(): Promise<Record<string, RowTopic>> {
  const { interactions, orderItems, orders, products, users } = await import('../schemas/topics.ts')
  return {
    events: { topic: interactions, keyOf: event => event.user_id ?? event.session_id, timeOf: event => event.ts },
    products: { topic: products, keyOf: row => row.product_id, timeOf: row => row.updated_at },
    users: { topic: users, keyOf: row => row.user_id, timeOf: row => row.updated_at },
    orders: { topic: orders, keyOf: row => row.order_id, timeOf: row => row.order_ts },
    'order-items': { topic: orderItems, keyOf: row => row.order_id, timeOf: () => null }
  }
}
