import { createHmac, timingSafeEqual } from 'node:crypto'

/** What a signed token is good for: events and answers of exactly these ids, until it expires. */
export interface TokenClaims {
  user_id: string | null
  session_id: string
  /** Epoch seconds. */
  expires: number
}

const prefix = 'mrt1.'
const tokenCharsMax = 4096

/** `mrt1.<claims>.<HMAC-SHA256 over what stands before>`, base64url. Not encrypted: it says nothing that its bearer does not know. */
export function signToken(claims: TokenClaims, secret: Buffer): string {
  const payload = Buffer.from(JSON.stringify([claims.user_id, claims.session_id, claims.expires])).toString('base64url')
  const signed = `${prefix}${payload}`
  return `${signed}.${mac(signed, secret).toString('base64url')}`
}

export function looksSigned(credential: string): boolean {
  return credential.startsWith(prefix)
}

/** null: not ours, changed, or expired. */
export function verifyToken(token: string, secret: Buffer, nowMs: number): TokenClaims | null {
  const dot = token.lastIndexOf('.')
  if (!looksSigned(token) || token.length > tokenCharsMax || dot <= prefix.length) return null
  const given = Buffer.from(token.slice(dot + 1), 'base64url')
  const signed = token.slice(0, dot)
  const expected = mac(signed, secret)
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null
  const [user_id, session_id, expires] = JSON.parse(Buffer.from(signed.slice(prefix.length), 'base64url').toString())
  return expires * 1000 > nowMs ? { user_id, session_id, expires } : null
}

function mac(text: string, secret: Buffer): Buffer {
  return createHmac('sha256', secret).update(text).digest()
}
