/**
 * How long a compacted topic keeps a tombstone (`delete.retention.ms`), at least. Who was away for less than half of it
 * has missed no deletion, and goes on from where it stood; who was away for longer reads the topic anew.
 */
export const deleteRetentionMs = 7 * 86_400_000
