/**
 * What a search by vector costs: `npm run bench -- vectors [--json] [--items 5000,20000,100000]`. Made-up items on
 * shelves of 25 that share words and companions. Every search is timed by itself; p50 and p99 in µs, the build in CPU-ms
 * per item, `overlap` is the share of exact search's first 20 that HNSW finds too.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { VectorSearch } from '../../recommend/vectors/vector-search.ts'
import { made, pair, used } from '../../recommend/vectors/vector-search-contract.ts'
import { GraphFiles } from './graph-files.ts'
import { newGraph } from './hnsw-library.ts'
import { HnswSearch } from './hnsw-search.ts'

const { values: args } = parseArgs({
  options: { json: { type: 'boolean' }, items: { type: 'string', default: '5000,20000,100000' } }
})
const searches = 500
const listLength = 20

// A build does not hold the process by itself.
const hold = setInterval(() => undefined, 60_000)
for (const items of args.items.split(',').map(Number)) await measure(items)
clearInterval(hold)

async function measure(items: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-vectors-'))
  const search = new HnswSearch({ nameOf: String, find: Number, files: new GraphFiles(directory), graphMin: 1 })
  for (let item = 0; item < items; item++) search.put(item, shelved(item))
  const asked = Array.from({ length: searches }, (_, i) => Math.floor((i * items) / searches))
  const exact = ask(search, asked, `exact/${items}`)
  if (newGraph(1) !== null) {
    const started = process.cpuUsage()
    search.refresh()
    await search.settled()
    const { user, system } = process.cpuUsage(started)
    report(`hnsw/${items}`, 'build_cpu_ms_per_item', (user + system) / 1000 / items)
    const found = ask(search, asked, `hnsw/${items}`)
    const shared = found.map((near, i) => [...near].filter(item => exact[i].has(item)).length)
    const wanted = exact.reduce((sum, near) => sum + near.size, 0)
    report(`hnsw/${items}`, 'overlap', shared.reduce((sum, n) => sum + n, 0) / wanted)
  }
  rmSync(directory, { recursive: true })
}

function ask(search: VectorSearch, asked: readonly number[], name: string): Set<number>[] {
  const took: number[] = []
  const answers = asked.map(item => {
    const started = performance.now()
    const { items } = search.neighboursOf(item, listLength)
    took.push((performance.now() - started) * 1000)
    return new Set(items)
  })
  took.sort((a, b) => a - b)
  report(name, 'p50_us', took[Math.floor(took.length * 0.5)])
  report(name, 'p99_us', took[Math.floor(took.length * 0.99)])
  return answers
}

function shelved(item: number) {
  const shelf = Math.floor(item / 25)
  const word = (i: number) => `word:${shelf}-${(item * 7 + i * 3) % 11}`
  const content = made(word(0), word(1), word(2), `word:${item % 97}`)
  const others = [1, 2, 3, 4].map(i => String(shelf * 25 + ((item + i * i) % 25)))
  return item % 5 === 0 ? pair(content) : pair(content, used(String(item), ...others), (item % 10) / 10)
}

function report(name: string, metric: string, value: number): void {
  const rounded = Math.round(value * 1000) / 1000
  console.log(
    args.json
      ? JSON.stringify({ bench: 'vectors', case: name, metric, value: rounded })
      : `${name}  ${metric}  ${rounded}`
  )
}
