import test from 'ava'
import { MemoryStore } from '../stores/memory-store.ts'
import { NameIds } from '../stores/name-ids.ts'
import { StoreWalk } from './store-walk.ts'

const page = { limit: 3, bytesMax: 1 << 20 }

function storeWith(rows: Record<string, number>): MemoryStore {
  const store = new MemoryStore()
  const ids = new NameIds(store)
  const batch = store.batch()
  for (const [name, count] of Object.entries(rows)) {
    const kind = name.startsWith('view-') ? 'view' : 'store'
    const id = ids.idOf(kind, name)
    for (let i = 0; i < count; i++) {
      batch.put(kind === 'view' ? 'views' : 'state', Buffer.of(id >> 8, id & 255, i), Buffer.alloc(10))
    }
  }
  store.write(batch)
  return store
}

function round(walk: StoreWalk, pages: number) {
  return Array.from({ length: pages }, () => walk.next())
}

test('every store and view is counted over several pages, those without a row too', t => {
  const walk = new StoreWalk(storeWith({ carts: 4, empty: 0, visits: 1, 'view-items': 2 }), page)
  t.deepEqual(round(walk, 5), [
    [],
    [['carts', 4, 44]],
    [
      ['visits', 1, 11],
      ['empty', 0, 0]
    ],
    [],
    [['view-items', 2, 22]]
  ])
})

test('the next round tells what has changed since', t => {
  const store = storeWith({ carts: 2 })
  const walk = new StoreWalk(store, page)
  t.deepEqual(round(walk, 3).flat(), [['carts', 2, 22]])
  const batch = store.batch()
  batch.delete('state', Buffer.of(0, 1, 0))
  store.write(batch)
  t.deepEqual(round(walk, 2).flat(), [['carts', 1, 11]])
})
