import { hash, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import { isIPv4 } from 'node:net'
import { stop } from '../../engine/errors.ts'
import type { Request } from '../transport/transport.ts'
import { Problem } from './problem.ts'
import { looksSigned, signToken, type TokenClaims, verifyToken } from './signed-token.ts'

const scopes = ['read', 'write', 'admin'] as const
export type Scope = (typeof scopes)[number]

export interface ApiKey {
  secret: string
  /** `admin` includes the others. */
  scopes: readonly Scope[]
}

/** Who calls, and what they may. */
export interface Identity {
  /** Names the caller to rate limits; no secret. */
  readonly name: string
  readonly kind: 'local' | 'key' | 'token'
  readonly scopes: ReadonlySet<Scope>
  /** A browser's token: these ids and no others. */
  readonly only: { user_id: string | null; session_id: string } | null
  /** Epoch ms. */
  readonly expiresMs: number
}

export interface AuthOptions {
  keys: readonly ApiKey[]
  /** Signs browser tokens; the same on all replicas. Derived from the keys where absent. */
  tokenSecret?: string
}

export interface Auth {
  readonly isOn: boolean
  /** Of `Authorization: Bearer` or `X-API-Key`; null: none was sent. Throws `unauthenticated` for a bad one. */
  ofRequest(request: Request, nowMs: number): Identity | null
  ofCredential(credential: string, nowMs: number): Identity
  sign(claims: TokenClaims): string
}

const everything: ReadonlySet<Scope> = new Set(scopes)
const browserScopes: ReadonlySet<Scope> = new Set(['read', 'write'])

/** Everybody's identity while no keys are set. */
export const localIdentity: Identity = {
  name: 'local',
  kind: 'local',
  scopes: everything,
  only: null,
  expiresMs: Infinity
}

/** API keys as the configuration has them. */
export function secretsOf(keys: readonly { key: string; scopes: readonly Scope[] }[]): ApiKey[] {
  return keys.map(({ key, scopes }) => ({ secret: key, scopes }))
}

/** Refuses to answer the world without keys. */
export function checkBinding(options: { host: string; keys: readonly ApiKey[]; insecure: boolean }): void {
  if (options.keys.length > 0 || options.insecure || isLoopback(options.host)) return
  throw stop(
    'unprotected_address',
    `Refusing to listen on ${options.host} without API keys: set MILLRACE_API_KEYS, listen on 127.0.0.1, or start with --insecure.`
  )
}

export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase()
  return (
    name === 'localhost' || name === '::1' || name.endsWith('.localhost') || (isIPv4(name) && name.startsWith('127.'))
  )
}

export function createAuth(options: AuthOptions): Auth {
  const keys = options.keys.map((key, index) => ({ digest: digest(key.secret), identity: identityOf(key, index) }))
  const isOn = keys.length > 0
  const secret = tokenSecretOf(options)
  const ofKey = (credential: string): Identity | null => {
    const presented = digest(credential)
    let found: Identity | null = null
    // All are compared, so that the time tells nothing about which one came close.
    for (const key of keys) if (timingSafeEqual(presented, key.digest)) found = key.identity
    return found
  }
  const ofCredential = (credential: string, nowMs: number): Identity => {
    if (looksSigned(credential)) {
      const claims = verifyToken(credential, secret, nowMs)
      if (claims === null)
        throw new Problem('unauthenticated', 'The token has expired or was not made here; get a new one.')
      return ofClaims(claims)
    }
    if (!isOn) return localIdentity
    const identity = ofKey(credential)
    if (identity === null) throw new Problem('unauthenticated', 'The key is not known; check MILLRACE_API_KEYS.')
    return identity
  }
  return {
    isOn,
    ofCredential,
    ofRequest: (request, nowMs) => {
      const credential = credentialOf(request)
      if (credential !== null) return ofCredential(credential, nowMs)
      return isOn ? null : localIdentity
    },
    sign: claims => signToken(claims, secret)
  }
}

function identityOf(key: ApiKey, index: number): Identity {
  if (key.secret === '' || looksSigned(key.secret)) {
    throw stop('bad_api_keys', 'api_keys has a key without a secret, or one that reads like a signed token.')
  }
  const granted = key.scopes.includes('admin') ? everything : new Set(key.scopes)
  return { name: `key-${index}`, kind: 'key', scopes: granted, only: null, expiresMs: Infinity }
}

function ofClaims(claims: TokenClaims): Identity {
  const { user_id, session_id } = claims
  return {
    name: `token-${user_id ?? ''}/${session_id}`,
    kind: 'token',
    scopes: browserScopes,
    only: { user_id, session_id },
    expiresMs: claims.expires * 1000
  }
}

function credentialOf(request: Request): string | null {
  const authorization = request.header('authorization')
  if (authorization !== undefined) {
    const space = authorization.indexOf(' ')
    if (authorization.slice(0, space).toLowerCase() !== 'bearer') {
      throw new Problem('unauthenticated', 'Send `Authorization: Bearer KEY`, or `X-API-Key: KEY`.')
    }
    return authorization.slice(space + 1).trim()
  }
  return request.header('x-api-key') ?? null
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}

function tokenSecretOf(options: AuthOptions): Buffer {
  const material = options.tokenSecret ?? options.keys.map(key => key.secret).join('\n')
  if (material === '') return randomBytes(32)
  return Buffer.from(hkdfSync('sha256', material, 'millrace', 'browser-tokens', 32))
}

export function requireScope(identity: Identity, scope: Scope): void {
  if (!identity.scopes.has(scope)) throw new Problem('forbidden', `This needs a key with the scope \`${scope}\`.`)
}

/** A browser's token speaks for its own ids only. */
export function requireIds(identity: Identity, ids: { user_id?: string | null; session_id?: string | null }): void {
  const { only } = identity
  if (only === null) return
  if ((ids.user_id ?? only.user_id) !== only.user_id || (ids.session_id ?? only.session_id) !== only.session_id) {
    throw new Problem('forbidden_id', 'The token was made for another user_id or session_id; send its own.')
  }
}
