import { MillraceError, messageOf } from '../../engine/errors.ts'
import type { PushCause, RecommendationRequest, RecommendationResponse } from '../../schemas/http.ts'
import { closeKinds } from '../../schemas/problems.ts'
import { completeQuery } from '../answering.ts'
import { type Identity, requireIds, requireScope } from '../http/auth.ts'
import { parsed } from '../http/call.ts'
import { eventFrom } from '../http/incoming-events.ts'
import { Problem } from '../http/problem.ts'
import { createRateLimiter } from '../http/rate-limit.ts'
import { acceptEvents } from '../http/write-routes.ts'
import type { Channel, ChannelListener, Request } from '../transport/transport.ts'
import type { Connection } from './connections.ts'
import type { SocketOptions } from './socket-app.ts'
import type { Subscription, Viewer } from './subscription.ts'

interface ClientMessage {
  type: 'connection_init' | 'subscribe' | 'event' | 'complete' | 'ping' | 'pong'
  id: string
  token?: string
  payload: object
}

/** A message beyond this many unread bytes ends the connection at once. */
const unreadBytesMax = 1 << 20
const messageRate = { perSecond: 100, burst: 300 }
const eventsInFlightMax = 100

/** Ends the connection, with the reason it is told. */
class Closing extends MillraceError {
  readonly kind: keyof typeof closeKinds

  constructor(kind: keyof typeof closeKinds, reason: string = closeKinds[kind].title) {
    super(String(closeKinds[kind].code), 'skip', reason)
    this.kind = kind
  }
}

/** One WebSocket: the protocol of INTERFACES 5. */
export class SocketSession implements ChannelListener, Viewer, Connection {
  private readonly channel: Channel
  private readonly request: Request
  private readonly options: SocketOptions
  private readonly subscriptions = new Map<string, Subscription>()
  private readonly limiter = createRateLimiter(messageRate, 1)
  private readonly initTimer: NodeJS.Timeout
  private identity: Identity | null = null
  private eventsInFlight = 0
  private isClosed = false

  constructor(channel: Channel, request: Request, options: SocketOptions) {
    this.channel = channel
    this.request = request
    this.options = options
    this.initTimer = setTimeout(() => this.close('initTimeout'), options.initTimeoutMs)
    options.connections.add(this)
  }

  message(text: string): void {
    if (this.isClosed) return
    try {
      if (this.limiter.take('', performance.now()) > 0) throw new Closing('tooMany', 'Too many messages')
      this.handle(this.parsed(text))
    } catch (error) {
      if (!(error instanceof Closing)) throw error
      this.close(error.kind, error.message)
    }
  }

  private parsed(text: string): ClientMessage {
    try {
      return this.options.validators.body<ClientMessage>('ClientMessage', parsed(text))
    } catch (error) {
      throw new Closing('badMessage', messageOf(error))
    }
  }

  private handle(message: ClientMessage): void {
    switch (message.type) {
      case 'ping':
        this.send({ type: 'pong' })
        break
      case 'pong':
        break
      case 'connection_init':
        this.init(message.token)
        break
      case 'subscribe':
        this.subscribe(message, this.known())
        break
      case 'event':
        void this.event(message, this.known())
        break
      case 'complete':
        this.known()
        this.complete(message.id)
    }
  }

  /** Who speaks; tokens end while sockets are open. */
  private known(): Identity {
    const { identity } = this
    if (identity === null) throw new Closing('unauthenticated', 'Send connection_init first')
    if (Date.now() >= identity.expiresMs) throw new Closing('unauthenticated', 'The token has expired')
    return identity
  }

  private init(token: string | undefined): void {
    if (this.identity !== null) throw new Closing('tooMany', 'connection_init was sent before')
    const identity = this.identityOf(token)
    if (identity === null) throw new Closing('unauthenticated', 'Send a token with connection_init')
    if (!identity.scopes.has('read') && !identity.scopes.has('write')) throw new Closing('forbidden')
    this.identity = identity
    clearTimeout(this.initTimer)
    this.send({ type: 'connection_ack' })
  }

  private identityOf(token: string | undefined): Identity | null {
    const { auth, limits } = this.options
    if (token === undefined) return auth.ofRequest(this.request, Date.now())
    try {
      return limits.guard(this.request.ip, () => auth.ofCredential(token, Date.now()))
    } catch (error) {
      throw new Closing('unauthenticated', messageOf(error))
    }
  }

  private subscribe({ id, payload }: ClientMessage, identity: Identity): void {
    const { pushes, validators, limits, subscriptionsPerSocketMax } = this.options
    if (this.subscriptions.has(id)) throw new Closing('duplicateId', `The id ${id} is in use`)
    if (this.subscriptions.size >= subscriptionsPerSocketMax) throw new Closing('tooMany', 'Too many subscriptions')
    try {
      requireScope(identity, 'read')
      type Payload = RecommendationRequest & { min_interval_ms: number }
      const { min_interval_ms, ...request } = validators.body<Payload>('Subscription', payload, '/payload')
      const query = completeQuery(request)
      requireIds(identity, query)
      limits.take(identity, this.request.ip)
      this.options.admitSubscription()
      this.subscriptions.set(id, pushes.add(id, this, query, min_interval_ms))
    } catch (error) {
      this.error(id, error)
    }
  }

  private complete(id: string): void {
    const subscription = this.subscriptions.get(id)
    if (subscription === undefined) return // Ended meanwhile, by us.
    this.subscriptions.delete(id)
    this.options.pushes.remove(subscription)
  }

  /** Acknowledged once it is durable. */
  private async event({ id, payload }: ClientMessage, identity: Identity): Promise<void> {
    try {
      requireScope(identity, 'write')
      this.options.limits.take(identity, this.request.ip)
      if (this.eventsInFlight >= eventsInFlightMax) {
        throw new Problem('overloaded', 'Wait for acknowledgements before you send more.')
      }
      const event = eventFrom(payload, {
        now: Date.now(),
        maxAgeMs: this.options.eventMaxAgeMs,
        check: one => requireIds(identity, one)
      })
      this.eventsInFlight++
      const { token } = await acceptEvents(this.options, [event]).finally(() => this.eventsInFlight--)
      this.send({ type: 'ack', id, token })
    } catch (error) {
      this.error(id, error)
    }
  }

  private error(id: string, error: unknown): void {
    this.send({ type: 'error', id, payload: this.options.problemOf(error, this.request) })
  }

  next(subscription: Subscription, payload: RecommendationResponse & { cause: PushCause }): void {
    if (this.identity !== null && Date.now() >= this.identity.expiresMs)
      this.close('unauthenticated', 'The token has expired')
    else this.send({ type: 'next', id: subscription.id, seq: subscription.seq, payload })
  }

  failed(subscription: Subscription, error: unknown): void {
    this.subscriptions.delete(subscription.id)
    this.error(subscription.id, error)
  }

  get bufferedBytes(): number {
    return this.channel.bufferedBytes
  }

  tooSlow(): void {
    this.close('tooMany', 'The reader is too slow')
  }

  goaway(retryAfterMs: number): void {
    this.send({ type: 'goaway', retry_after_ms: retryAfterMs })
  }

  end(): void {
    this.close('restart')
  }

  drained(): void {
    this.options.pushes.drained(this, this.subscriptions.values())
  }

  closed(): void {
    this.release()
    this.options.connections.remove(this)
  }

  private send(message: object): void {
    if (this.isClosed) return
    if (this.channel.bufferedBytes > unreadBytesMax) this.tooSlow()
    else this.channel.send(JSON.stringify(message))
  }

  private close(kind: keyof typeof closeKinds, reason: string = closeKinds[kind].title): void {
    if (this.isClosed) return
    this.release()
    this.channel.close(closeKinds[kind].code, reason)
  }

  private release(): void {
    this.isClosed = true
    clearTimeout(this.initTimer)
    for (const subscription of this.subscriptions.values()) this.options.pushes.remove(subscription)
    this.subscriptions.clear()
    this.options.pushes.forget(this)
  }
}
