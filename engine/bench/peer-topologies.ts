import { ByteReader, ByteWriter } from '../bytes.ts'
import { processor, value } from '../processor.ts'
import type { Rec } from '../record.ts'
import { hours } from '../time.ts'
import { type Topic, topic, type ViewTopic, view } from '../topic.ts'
import { topology } from '../topology.ts'
import { type Companions, companionsCodec, meet, noCompanions, ranked, read, writeRanked } from './companions.ts'
import { itemIds, readItem } from './item-numbers.ts'
import { type Pair, pairRecentItems } from './pair-recent-items.ts'
import { type ItemId, interactions, interactionsByItem } from './peer-events.ts'

const out = new ByteWriter()

const itemPairs: Topic<ItemId, Pair> = topic('item-pairs', {
  partitions: 4,
  value: {
    encode: ({ companion, weight, time }) => out.reset().i64(time).u8(weight).text(itemIds[companion]).view(),
    decode: bytes => {
      const input = new ByteReader(bytes)
      return { time: input.i64(), weight: input.u8(), companion: readItem(input, bytes.length - 9) }
    }
  }
})

export const similarItems: ViewTopic<ItemId, Companions> = view('similar-items', {
  partitions: 4,
  equality: 'order',
  value: {
    encode: companions => {
      writeRanked(out.reset(), companions)
      return out.copy()
    },
    decode: bytes => read(new ByteReader(bytes))
  }
})

const rankCompanions = processor({
  name: 'rank-companions',
  state: { companions: value(companionsCodec, { equality: 'order' }) },
  process({ value: { companion, weight, time } }: Rec<ItemId, Pair>, state) {
    const companions = state.companions.get() ?? noCompanions(Math.floor(time / hours(1)))
    meet(companions, companion, weight, time)
    state.companions.set(companions)
  },
  view: (_key: ItemId, state): Companions | null => {
    const companions = state.companions.get()
    return companions ? ranked(companions) : null
  }
})

/** Which items do people touch in one sitting? */
export const coOccurrenceOver = (input: typeof interactions, output: typeof similarItems) =>
  topology('co-occurrence')
    .from(input)
    .filter('known-types', ({ value }) => value.weight > 0)
    .process(pairRecentItems)
    .through(itemPairs)
    .process(rankCompanions)
    .to(output)

export const coOccurrence = coOccurrenceOver(interactions, similarItems)

const counter = {
  version: 1,
  write: (to: ByteWriter, count: number) => void to.i64(count),
  read: (input: ByteReader) => input.i64()
}

export const itemCounts: ViewTopic<ItemId, number> = view('item-counts', {
  partitions: 4,
  equality: 'exact',
  value: { encode: count => out.reset().i64(count).copy(), decode: bytes => new ByteReader(bytes).i64() }
})

const countRecords = processor({
  name: 'count-records',
  state: { count: value(counter) },
  process(_record: Rec<ItemId, Buffer>, state) {
    state.count.set((state.count.get() ?? 0) + 1)
  },
  view: (_key: ItemId, state) => state.count.get() ?? 0
})

/** How often was each item touched? */
export const countByKeyOver = (input: typeof interactionsByItem, output: typeof itemCounts) =>
  topology('count-by-key').from(input).process(countRecords).to(output)

export const countByKey = countByKeyOver(interactionsByItem, itemCounts)
