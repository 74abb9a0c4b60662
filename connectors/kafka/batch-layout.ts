/**
 * Record batch, magic 2 (protocol guide, "Record Batch"; KIP-98): positions from the start of the batch.
 *
 *     i64 base offset | i32 length of all that follows | i32 leader epoch | i8 magic | u32 CRC-32C of all that follows
 *     i16 attributes | i32 last offset delta | i64 base timestamp | i64 largest timestamp
 *     i64 producer id | i16 producer epoch | i32 base sequence | i32 record count | records
 */
export const lengthAt = 8
export const leaderEpochAt = 12
export const magicAt = 16
export const crcAt = 17
export const attributesAt = 21
export const lastOffsetDeltaAt = 23
export const baseTimestampAt = 27
export const maxTimestampAt = 35
export const producerIdAt = 43
export const producerEpochAt = 51
export const baseSequenceAt = 53
export const countAt = 57
export const headerBytes = 61
/** What stands before the part that `length` counts. */
export const overheadBytes = 12
export const magic = 2

export const compressionBits = 0x07
export const logAppendTimeBit = 0x08
export const transactionalBit = 0x10
export const controlBit = 0x20

/** The smallest record: length, attributes, two deltas, no key, no value, no headers. */
export const recordBytesMin = 7
