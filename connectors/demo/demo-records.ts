import type { NewRecord } from '../../engine/log/log.ts'
import { interactionKey } from '../../schemas/interaction.ts'
import { interactions, orderItems, orders, products, users } from '../../schemas/topics.ts'
import type { DemoBatch } from './demo-source.ts'

const recordOf: { [T in DemoBatch['topic']]: (row: any) => Omit<NewRecord, 'timestamp'> } = {
  products: row => ({ key: row.product_id, value: products.value.encode(row) }),
  users: row => ({ key: row.user_id, value: users.value.encode(row) }),
  orders: row => ({ key: row.order_id, value: orders.value.encode(row) }),
  'order-items': row => ({ key: row.order_id, value: orderItems.value.encode(row) }),
  interactions: row => ({ key: interactionKey(row), value: interactions.value.encode(row) })
}

/** A batch of the demo's history as records of its topic. */
export function batchRecords({ topic, rows, timestamps }: DemoBatch): NewRecord[] {
  const toRecord = recordOf[topic]
  return rows.map((row, i) => ({ ...toRecord(row), timestamp: timestamps[i] }))
}
