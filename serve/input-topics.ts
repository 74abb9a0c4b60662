import { control, impressions, interactions, merges, orderItems, orders, products, users } from '../schemas/topics.ts'

/** Names of topics that are read first among records of equal time: what things are, before what is done with them. */
export const inputRanks = [control, products, users, orders, orderItems, merges, interactions].map(({ name }) => name)

/** What serving writes, and must find there whether or not a topology reads it. */
export const inputTopics = [control, impressions, merges, products, users, orders, orderItems, interactions]
