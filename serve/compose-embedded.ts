import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { MillraceError, stop } from '../engine/errors.ts'
import { openDataDirectory } from '../engine/log/data-directory.ts'
import { LogReader } from '../engine/log/log-reader.ts'
import type { StoreReader } from '../engine/stores/state-store.ts'
import { StreamClient } from './embedded/stream-client.ts'
import type { StreamThreadData } from './embedded/stream-thread-data.ts'

export interface EmbeddedOptions extends Omit<StreamThreadData, 'handle'> {
  /** Memtables and block caches of the storage engine. */
  storeMb: number
  /** Heap of the stream thread; exceeding it ends the thread, which is handled as a kill. */
  streamHeapMb: number
  acceptLoss?: boolean
}

/** Everything below the serving layer, in one process: the open directory, the log, and the thread that writes. */
export interface Embedded {
  readonly store: StoreReader
  readonly log: LogReader
  readonly client: StreamClient
  /** Acknowledged commits that were missing when the directory was opened. */
  readonly lostCommits: number
  /** A channel of its own to the stream thread, for another thread. */
  connect(): MessagePort
  bytesOnDisk(): number
  /** Commits what is open and lets go of the directory. */
  close(): Promise<void>
}

const threadFile = new URL(
  import.meta.url.endsWith('.ts') ? './stream-thread.ts' : './stream-thread.js',
  import.meta.url
)

/** Opens the directory (refusing a damaged or used one with one sentence) and starts the stream thread on it. */
export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { storeMb, streamHeapMb, acceptLoss, ...threadOptions } = options
  const directory = await openDataDirectory(options.directory, { memoryMb: storeMb, acceptLoss })
  const workerData: StreamThreadData = { ...threadOptions, handle: directory.store.handle }
  const worker = new Worker(threadFile, { workerData, resourceLimits: { maxOldGenerationSizeMb: streamHeapMb } })
  const client = new StreamClient(worker)
  let isClosing = false
  const exited = new Promise<void>(resolve => {
    worker.once('exit', code => {
      const error = stop(
        'stream_thread_ended',
        `The stream thread ended (exit code ${code}): start again; what was acknowledged is on the disk.`
      )
      client.failAll(error)
      if (!isClosing) client.onFatal(error)
      resolve()
    })
  })
  const failed = new Promise<never>((_, reject) => {
    worker.once('error', error => reject(threadFailed(error)))
  })
  const started = new Promise<void>((resolve, reject) => {
    client.onStarted = () => resolve()
    client.onFatal = reject
  })
  const close = async () => {
    isClosing = true
    await Promise.race([client.stop().catch(() => 0), exited])
    await exited
    await directory.close()
  }
  try {
    await Promise.race([started, failed])
  } catch (error) {
    isClosing = true
    await worker.terminate()
    await exited
    await directory.close()
    throw error
  }
  failed.catch(error => client.onFatal(threadFailed(error)))
  return {
    store: directory.store,
    log: new LogReader(directory.store),
    client,
    lostCommits: directory.lostCommits,
    connect: () => {
      const { port1, port2 } = new MessageChannel()
      worker.postMessage({ type: 'connect', port: port1 }, [port1])
      return port2
    },
    bytesOnDisk: () => directory.store.bytesOnDisk(),
    close
  }
}

function threadFailed(error: unknown): MillraceError {
  if (error instanceof MillraceError) return error
  const { code, message, remedy } = error as { code?: string; message?: string; remedy?: string }
  if (remedy && code && message) return new MillraceError(code, 'stop', message, { cause: error })
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return stop(
      'stream_out_of_memory',
      'The stream thread needed more memory than stream.memory_max_mb leaves it: raise it and start again.',
      error
    )
  }
  return stop('stream_failed', `The stream thread failed: ${message ?? String(error)}`, error)
}
