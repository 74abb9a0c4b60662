import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { ExactSearch } from '../../recommend/vectors/exact-search.ts'
import type { VectorSearch } from '../../recommend/vectors/vector-search.ts'
import { made, pair, used, vectorSearchContract } from '../../recommend/vectors/vector-search-contract.ts'
import { GraphFiles } from './graph-files.ts'
import { newGraph } from './hnsw-library.ts'
import { HnswSearch, type HnswSearchOptions } from './hnsw-search.ts'

const hasLibrary = newGraph(2) !== null
const withLibrary = hasLibrary ? test : test.skip
const title = (what: string) => (hasLibrary ? what : `${what} (skipped: npm install hnswlib-node, with a C++ compiler)`)

const directories: string[] = []
const opened: HnswSearch[] = []
test.after.always(async () => {
  for (const search of opened) await search.close()
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-hnsw-'))
  directories.push(path)
  return path
}

function open(options: Partial<HnswSearchOptions> = {}): HnswSearch {
  const search = new HnswSearch({
    nameOf: String,
    find: Number,
    files: new GraphFiles(directory()),
    graphMin: 1,
    ...options
  })
  opened.push(search)
  return search
}

async function built(search: VectorSearch): Promise<void> {
  const hnsw = search as HnswSearch
  hnsw.refresh()
  await hnsw.settled()
}

vectorSearchContract(test, 'HNSW without its library', { start: nameOf => open({ nameOf, files: null }) })

if (hasLibrary) {
  vectorSearchContract(test, 'HNSW', { start: nameOf => open({ nameOf, graphMin: 1 }), ready: built })
}

const shelf = (item: number) => Math.floor(item / 25)
const word = (item: number, i: number) => `word:${shelf(item)}-${(item * 7 + i * 3) % 11}`
/** Items on shelves that share words and companions; every fifth is new. */
const shelved = (item: number, shift = 0) => {
  const content = made(word(item + shift, 0), word(item + shift, 1), word(item + shift, 2), `word:${item % 97}`)
  const others = [1, 2, 3, 4].map(i => String(shelf(item) * 25 + ((item + i * i) % 25)))
  return item % 5 === 0 ? pair(content) : pair(content, used(String(item), ...others), (item % 10) / 10)
}

function overlap(search: VectorSearch, exact: VectorSearch, items: readonly number[]): number {
  let found = 0
  let wanted = 0
  for (const item of items) {
    const near = new Set(search.neighboursOf(item, 20).items)
    for (const other of exact.neighboursOf(item, 20).items) {
      wanted++
      if (near.has(other)) found++
    }
  }
  return found / wanted
}

withLibrary(title('20,000 items: 98 of 100 neighbours are those of exact search, also after changes'), async t => {
  t.timeout(300_000)
  const n = 20_000
  const search = open({ graphMin: n })
  const exact = new ExactSearch(String)
  for (let item = 0; item < n; item++) {
    if (item === n - 1) {
      search.refresh()
      await search.settled()
      t.false(search.usesGraph, 'few items need no graph')
    }
    for (const one of [search, exact]) one.put(item, shelved(item))
  }
  await built(search)
  t.true(search.usesGraph)
  const asked = Array.from({ length: 300 }, (_, i) => i * 66)
  const fresh = overlap(search, exact, asked)
  t.log(`overlap ${fresh}`)
  t.true(fresh >= 0.98, `${fresh}`)
  for (let item = 0; item < n; item += 10) {
    for (const one of [search, exact]) {
      if (item % 20 === 0) one.put(item, shelved(item, 1))
      else one.remove(item)
    }
  }
  t.true(search.usesGraph)
  const changed = overlap(search, exact, asked)
  t.log(`overlap after changes ${changed}`)
  t.true(changed >= 0.98, `${changed}`)
})

withLibrary(title('a graph outlives its process, and what changed meanwhile is found where it is now'), async t => {
  const path = directory()
  const first = open({ files: new GraphFiles(path) })
  for (let item = 0; item < 300; item++) first.put(item, shelved(item))
  await built(first)
  const again = open({ files: new GraphFiles(path) })
  // Another order gives other slots; item 7 has changed and item 8 is gone.
  for (let item = 299; item >= 0; item--)
    if (item !== 8) again.put(item, item === 7 ? pair(made('other')) : shelved(item))
  await again.load()
  t.true(again.usesGraph)
  first.remove(8)
  first.put(7, pair(made('other')))
  for (let item = 0; item < 60; item++)
    t.deepEqual(again.neighboursOf(item, 20), first.neighboursOf(item, 20), `${item}`)
})

withLibrary(title('a graph that is not whole is not taken up, and the next build replaces it'), async t => {
  const path = directory()
  const first = open({ files: new GraphFiles(path) })
  for (let item = 0; item < 100; item++) first.put(item, shelved(item))
  await built(first)
  const [graph] = readdirSync(path).filter(name => name.endsWith('.graph'))
  truncateSync(join(path, graph), 1_000)
  const again = open({ files: new GraphFiles(path) })
  for (let item = 0; item < 100; item++) again.put(item, shelved(item))
  await again.load()
  t.false(again.usesGraph)
  await built(again)
  t.true(again.usesGraph)
  t.is(readdirSync(path).filter(name => name.endsWith('.graph')).length, 1)
})

withLibrary(title('a build that fails leaves exact search, and is not tried again at once'), async t => {
  const errors: unknown[] = []
  const path = directory()
  const search = open({ files: new GraphFiles(path), onBuilt: ({ error }) => errors.push(error) })
  rmSync(path, { recursive: true })
  for (let item = 0; item < 100; item++) search.put(item, shelved(item))
  await built(search)
  await built(search)
  t.is(errors.length, 1)
  t.truthy(errors[0])
  t.false(search.usesGraph)
  t.true(search.neighboursOf(1, 20).items.length > 0)
})

withLibrary(title('items go on being searched while a graph is built'), async t => {
  const search = open()
  for (let item = 0; item < 500; item++) search.put(item, shelved(item))
  search.refresh()
  search.put(500, pair(made('unheard')))
  search.put(501, pair(made('unheard')))
  t.is(search.neighboursOf(500, 5).items[0], 501)
  await search.settled()
  t.true(search.usesGraph)
  t.is(search.neighboursOf(500, 5).items[0], 501)
})
