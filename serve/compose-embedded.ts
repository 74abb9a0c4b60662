import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { MillraceError, stop } from '../engine/errors.ts'
import { letThreadsSizeYoungGenerations } from '../engine/heap-growth.ts'
import { openDataDirectory } from '../engine/log/data-directory.ts'
import { LogReader } from '../engine/log/log-reader.ts'
import type { StoreReader } from '../engine/stores/state-store.ts'
import { StreamClient } from './embedded/stream-client.ts'
import type { StreamThreadData } from './embedded/stream-thread-data.ts'

export interface EmbeddedOptions extends Omit<StreamThreadData, 'handle' | 'purchaseSource'> {
  /** Decided by what is on the log already. `isFixed`: it stays so although orders may be fed later. */
  purchaseSource: (log: LogReader) => { from: StreamThreadData['purchaseSource']; isFixed: boolean }
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
  /** Of the purchases counted when it was opened. */
  readonly purchaseSource: StreamThreadData['purchaseSource']
  /** Acknowledged commits that were missing when the directory was opened. */
  readonly lostCommits: number
  /** A channel of its own to the stream thread, for another thread. */
  connect(): MessagePort
  /**
   * To be awaited before rows of `orders` are appended: purchases are counted from events until that table is fed for the
   * first time (INTERFACES 3). The stream thread then ends after its last commit and starts anew, counting from orders;
   * what is asked of it meanwhile waits. Says whether that happened.
   */
  ordersAreFed(): Promise<boolean>
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
  try {
    const log = new LogReader(directory.store)
    const purchases = options.purchaseSource(log)
    const data: StreamThreadData = { ...threadOptions, purchaseSource: purchases.from, handle: directory.store.handle }
    let thread = startThread(data, streamHeapMb)
    const client = new StreamClient(thread.worker)
    await thread.watch(client)
    const stopThread = async () => {
      thread.isEnding = true
      await Promise.race([client.stop().catch(() => 0), thread.exited])
      await thread.exited
    }
    let switching: Promise<void> | null = null
    const restartCountingOrders = async () => {
      client.hold()
      await stopThread()
      data.purchaseSource = 'orders'
      thread = startThread(data, streamHeapMb)
      client.attach(thread.worker)
      await thread.watch(client)
      purchases.from = 'orders'
    }
    return {
      store: directory.store,
      log,
      client,
      purchaseSource: purchases.from,
      lostCommits: directory.lostCommits,
      connect: () => {
        const { port1, port2 } = new MessageChannel()
        thread.worker.postMessage({ type: 'connect', port: port1 }, [port1])
        return port2
      },
      ordersAreFed: async () => {
        if (purchases.isFixed || purchases.from === 'orders') return false
        switching ??= restartCountingOrders()
        await switching
        return true
      },
      bytesOnDisk: () => directory.store.bytesOnDisk(),
      close: async () => {
        await stopThread()
        await directory.close()
      }
    }
  } catch (error) {
    await directory.close()
    throw error
  }
}

/** Records live for one batch: with room for several of them they never reach the old generation. */
const youngGenerationMb = 32

interface StreamThread {
  worker: Worker
  exited: Promise<void>
  isEnding: boolean
  /** Kept once the thread is ready to work; later failures go to `client.onFatal`. */
  watch(client: StreamClient): Promise<void>
}

function startThread(data: StreamThreadData, heapMb: number): StreamThread {
  letThreadsSizeYoungGenerations()
  const resourceLimits = { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: youngGenerationMb }
  const worker = new Worker(threadFile, { workerData: data, resourceLimits })
  let failure: MillraceError | null = null
  worker.once('error', error => {
    failure = threadFailed(error)
  })
  const exited = new Promise<void>(resolve => worker.once('exit', () => resolve()))
  const thread: StreamThread = {
    worker,
    exited,
    isEnding: false,
    watch: client =>
      new Promise<void>((resolve, reject) => {
        const onFatal = client.onFatal
        client.onFatal = reject
        client.onStarted = () => {
          client.onFatal = onFatal
          resolve()
        }
        void exited.then(() => {
          const error =
            failure ??
            stop('stream_thread_ended', 'The stream thread ended: start again; what was acknowledged is on the disk.')
          client.failAll(error)
          reject(error)
          if (!thread.isEnding) client.onFatal(error)
        })
      })
  }
  return thread
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
