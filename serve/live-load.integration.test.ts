import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { type Loaded, type LoadOrder, shiftMs } from './testing/kill/load-order.ts'
import { differences } from './testing/kill/near.ts'
import { runChild } from './testing/kill/run-child.ts'

const clicked = '85123A'
const clicks = 12

async function load(more: Partial<LoadOrder>): Promise<Loaded> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-live-'))
  const topics = ['products', 'users', 'orders', 'order-items', 'interactions']
  const order = {
    directory,
    partitions: 4,
    topics,
    rowsMax: 24_000,
    shiftMs,
    catchUpIntervalMs: 60,
    cacheMb: 32,
    ...more
  }
  try {
    return (await runChild(order)).loaded as Loaded
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function view(loaded: Loaded, name: string): Map<string, any> {
  return new Map(loaded.near[name].entries.map(({ key, value }) => [key, value]))
}

/** Only what history alone may say: of baskets, of who bought what, of the catalog. */
const ofHistory = (digests: Loaded['digests']) =>
  Object.fromEntries(Object.entries(digests).filter(([store]) => /^(baskets|item-catalog|bought-together)/.test(store)))

test('live clicks in the middle of a load change neither the counts nor the final history', async t => {
  t.timeout(300_000)
  const quiet = await load({})
  const live = await load({ clicks: { count: clicks, productId: clicked } })
  const history = (loaded: Loaded): Loaded => ({
    digests: ofHistory(loaded.digests),
    near: { 'bought-together': loaded.near['bought-together'] }
  })
  t.deepEqual(differences(history(quiet), history(live)), [])

  const before = view(quiet, 'item-features')
  const after = view(live, 'item-features')
  t.deepEqual([...after.keys()].sort(), [...before.keys()].sort())
  for (const [product, features] of before) {
    const now = after.get(product)
    t.is(now.purchases, features.purchases, product)
    t.is(now.units, features.units, product)
    t.is(now.views, features.views + (product === clicked ? clicks : 0), product)
  }
  const users = view(quiet, 'user-features')
  for (const [user, features] of view(live, 'user-features')) {
    if (user.startsWith('live-')) t.deepEqual(features.bought, [])
    else t.is(features.orders, users.get(user)?.orders, user)
  }
})
