import {
  addOffsetsToTxnV3,
  addPartitionsToTxnV3,
  type Connection,
  createTopicsV7,
  deleteRecordsV2,
  deleteTopicsV6,
  describeConfigsV4,
  describeGroupsV5,
  endTxnV3,
  findCoordinatorV4,
  heartbeatV4,
  initProducerIdV4,
  joinGroupV8,
  joinGroupV9,
  leaveGroupV5,
  listOffsetsV7,
  listOffsetsV8,
  metadataV12,
  offsetCommitV8,
  offsetFetchV8,
  syncGroupV5,
  txnOffsetCommitV3
} from '@platformatic/kafka'
import { kafkaError } from './errors.ts'

/** One version of one request: how it is written and how its answer is read. */
export interface Api<A extends unknown[], R> {
  async(connection: Connection, ...args: A): Promise<R>
  key: number
  version: number
}

/** Newest first; a broker is asked in the newest version that both sides know (KIP-35). */
export type Versions<A extends unknown[], R> = readonly Api<A, R>[]

/** The library types its promises loosely; a version list gives them the shapes of its first member. */
function versions<A extends unknown[], R>(
  shape: { createRequest: (...args: A) => unknown; parseResponse: (...input: any[]) => R },
  ...apis: unknown[]
): Versions<A, R> {
  void shape
  return apis as Api<A, R>[]
}

export const metadata = versions(metadataV12, metadataV12.api)
export const findCoordinator = versions(findCoordinatorV4, findCoordinatorV4.api)
/** With the producer's own id and epoch it bumps the epoch: KIP-360. */
export const initProducerId = versions(initProducerIdV4, initProducerIdV4.api)
/** v4 and later are for brokers only (KIP-890) and ask for cluster rights. */
export const addPartitionsToTxn = versions(addPartitionsToTxnV3, addPartitionsToTxnV3.api)
export const addOffsetsToTxn = versions(addOffsetsToTxnV3, addOffsetsToTxnV3.api)
/** v3 brings member and generation: KIP-447. */
export const txnOffsetCommit = versions(txnOffsetCommitV3, txnOffsetCommitV3.api)
export const endTxn = versions(endTxnV3, endTxnV3.api)
/** Outside of transactions: at least once. */
export const offsetCommit = versions(offsetCommitV8, offsetCommitV8.api)
/** v7 and later know `requireStable`: KIP-447. */
export const offsetFetch = versions(offsetFetchV8, offsetFetchV8.api)
export const listOffsets = versions(listOffsetsV8, listOffsetsV8.api, listOffsetsV7.api)
/** v9 tells a static leader that came back to leave the assignment alone: KIP-814. */
export const joinGroup = versions(joinGroupV9, joinGroupV9.api, joinGroupV8.api)
export const syncGroup = versions(syncGroupV5, syncGroupV5.api)
export const heartbeat = versions(heartbeatV4, heartbeatV4.api)
export const leaveGroup = versions(leaveGroupV5, leaveGroupV5.api)
export const createTopics = versions(createTopicsV7, createTopicsV7.api)
export const deleteTopics = versions(deleteTopicsV6, deleteTopicsV6.api)
export const describeConfigs = versions(describeConfigsV4, describeConfigsV4.api)
export const describeGroups = versions(describeGroupsV5, describeGroupsV5.api)
export const deleteRecords = versions(deleteRecordsV2, deleteRecordsV2.api)

export type VersionRanges = ReadonlyMap<number, readonly [min: number, max: number]>

export function negotiated<A extends unknown[], R>(
  apis: Versions<A, R>,
  ranges: VersionRanges,
  doing: string
): Api<A, R> {
  const range = ranges.get(apis[0].key)
  const api = range && apis.find(({ version }) => version >= range[0] && version <= range[1])
  if (!api) throw kafkaError('UNSUPPORTED_VERSION', doing)
  return api
}
