import {
  control,
  erasureRequests,
  impressions,
  interactions,
  merges,
  orderItems,
  orders,
  products,
  users
} from '../schemas/topics.ts'

/** Names of topics that are read first among records of equal time: what things are, before what is done with them. */
const ranked = [control, products, users, orders, orderItems, merges, interactions, erasureRequests]
export const inputRanks = ranked.map(({ name }) => name)

/** What serving writes, and must find there whether or not a topology reads it. */
export const inputTopics = [...ranked, impressions]
