const text = { type: 'string' }
const time = { type: 'string', format: 'date-time' }
const object = (properties: Record<string, object>) => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties),
  properties
})

/** JSON Schema of `ErasureReceipt`, in the document of the HTTP API. */
export const erasureReceipt = object({
  erasure_id: text,
  state: { enum: ['done', 'running'], description: '`done`: at every place that forgets at once.' },
  requested_at: time,
  until: { ...time, description: 'What happened up to then is forgotten.' },
  places: {
    type: 'array',
    items: object({ place: text, state: { enum: ['done', 'running', 'next_replay', 'kept'] }, detail: text })
  }
})
