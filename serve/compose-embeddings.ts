import { EmbeddingClient } from '../connectors/embeddings/embedding-client.ts'
import { EmbeddingFeed } from '../connectors/embeddings/embedding-feed.ts'
import { messageOf } from '../engine/errors.ts'
import type { NewRecord } from '../engine/log/log.ts'
import { readNameIds } from '../engine/stores/name-ids.ts'
import type { StoreReader } from '../engine/stores/state-store.ts'
import type { ViewChange } from '../engine/task/views.ts'
import { embeddingVector } from '../recommend/vectors/embedding-vector.ts'
import type { Config } from '../schemas/config.ts'
import { itemCatalog, itemEmbeddings, itemVectors } from '../schemas/topics.ts'
import { viewIds } from './embedded/view-ids.ts'
import { saidSeldom } from './said-seldom.ts'
import { scanView } from './views/scan-view.ts'

export interface Embeddings {
  /** Rows of views that have changed: products among them are embedded. */
  changed(rows: readonly ViewChange[]): void
  close(): Promise<void>
}

export interface EmbeddingsOptions {
  config: Config
  store: StoreReader
  append: (topic: string, records: NewRecord[]) => Promise<unknown>
  say: (line: string) => void
}

/**
 * Has the products of an embedded Millrace embedded by the shop's own service, where one is configured: those that have
 * no embedding yet, and each that changes from now on.
 */
export function composeEmbeddings({ config, store, append, say }: EmbeddingsOptions): Embeddings | null {
  const { url, model, api_key: apiKey, timeout_ms: timeoutMs } = config.embeddings
  if (url === '') return null
  const client = new EmbeddingClient({ url, model, apiKey, timeoutMs })
  const sayFailure = saidSeldom(say)
  const feed = new EmbeddingFeed({
    embed: (texts, signal) => client.embed(texts, signal),
    quantise: embeddingVector,
    append: records => append(itemEmbeddings.name, records),
    now: Date.now,
    onFailed: error => sayFailure(messageOf(error))
  })
  const offer = (key: string, value: Buffer | null) => feed.offer(key, value && itemCatalog.value.decode(value))
  const embedded = embeddedAlready(store)
  scan(store, itemCatalog.name, (key, value) => {
    if (!embedded.has(key)) offer(key, value)
  })
  return {
    changed(rows) {
      for (const { view, key, value } of rows) if (view === itemCatalog.name) offer(key, value)
    },
    close: () => feed.close()
  }
}

function embeddedAlready(store: StoreReader): Set<string> {
  const known = new Set<string>()
  scan(store, itemVectors.name, (key, value) => {
    if (itemVectors.value.decode(value).content_from === 'service') known.add(key)
  })
  return known
}

function scan(store: StoreReader, view: string, visit: (key: string, value: Buffer) => void): void {
  const id = viewIds(store, reader => readNameIds(reader, 'view'))(view)
  if (id !== undefined) scanView(store, id, visit)
}
