export const protocolType = 'consumer'

const protocolName = 'millrace-sticky'

/**
 * Eager as the protocol is, though nothing but what moved is given up: members keep stores and positions from Join to Sync.
 * Members of another kind have no protocol in common, so that the broker lets them join only once the others are gone.
 */
export function protocolOf(kind?: string): string {
  return kind === undefined ? protocolName : `${protocolName}-${kind}`
}
