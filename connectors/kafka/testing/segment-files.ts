import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Compression, compressions } from '../compression.ts'
import type { Broker } from './broker.ts'

/** What a broker has written of a batch of records, as its header says (protocol guide, "Record Batch"). */
export interface StoredBatch {
  baseOffset: number
  compression: Compression
}

const lengthAt = 8
const attributesAt = 21
const compressionBits = 7
const controlBit = 32

/** All batches of some topics in the broker's files, in no order among partitions; without markers of transactions. */
export async function batchesOf(
  { folder }: Pick<Broker, 'folder'>,
  isWanted: (topic: string) => boolean
): Promise<StoredBatch[]> {
  const data = join(folder, 'data')
  const partitions = (await readdir(data)).filter(name => /-\d+$/.test(name) && isWanted(name.replace(/-\d+$/, '')))
  const files = partitions.map(async partition => {
    const names = (await readdir(join(data, partition))).filter(name => name.endsWith('.log'))
    return Promise.all(names.map(name => readFile(join(data, partition, name))))
  })
  return (await Promise.all(files)).flat().flatMap(bytes => [...batchesIn(bytes)])
}

function* batchesIn(bytes: Buffer): Generator<StoredBatch> {
  for (let at = 0; at + attributesAt + 2 <= bytes.length; ) {
    const length = bytes.readInt32BE(at + lengthAt)
    if (length === 0) return
    const attributes = bytes.readInt16BE(at + attributesAt)
    const compression = compressions[attributes & compressionBits]
    if ((attributes & controlBit) === 0) yield { baseOffset: Number(bytes.readBigInt64BE(at)), compression }
    at += lengthAt + 4 + length
  }
}
