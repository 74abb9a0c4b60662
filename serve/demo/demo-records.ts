import type { DemoBatch } from '../../connectors/demo/demo-source.ts'
import type { NewRecord } from '../../engine/log/log.ts'
import { orderItems, orders, products, users } from '../../schemas/topics.ts'
import { interactionRecord } from '../embedded/embedded-ingest.ts'

const recordOf: { [T in DemoBatch['topic']]: (row: any) => NewRecord } = {
  products: row => ({ key: row.product_id, value: products.value.encode(row), timestamp: 0 }),
  users: row => ({ key: row.user_id, value: users.value.encode(row), timestamp: 0 }),
  orders: row => ({ key: row.order_id, value: orders.value.encode(row), timestamp: 0 }),
  'order-items': row => ({ key: row.order_id, value: orderItems.value.encode(row), timestamp: 0 }),
  interactions: interactionRecord
}

/** A batch of the demo's history as records of its topic. */
export function batchRecords({ topic, rows, timestamps }: DemoBatch): NewRecord[] {
  const toRecord = recordOf[topic]
  return rows.map((row, i) => ({ ...toRecord(row), timestamp: timestamps[i] }))
}
