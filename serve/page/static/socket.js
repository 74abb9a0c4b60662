import { savedKey } from './api.js'

const protocol = 'millrace.v1.json'
const delaysMs = [400, 800, 1_600, 3_200, 6_400]
const quietMs = 20_000
const answerMs = 8_000
/** Clicks kept while there is no connection; the oldest give way. */
const keptMax = 500
/** Worth another try as it is. */
const passing = new Set(['overloaded', 'rate_limited', 'not_ready', 'draining', 'too_many_subscriptions'])
const again = { events: 1_000, lists: 1_000 }

/**
 * One connection to `/v1/ws` that comes back by itself: subscriptions are made anew, and events that nobody acknowledged
 * are sent again (their `event_id` makes that safe).
 *
 * `on` is told: `state(name, detail)`, `next(list, payload, ms)`, `listError(list, problem)`, `acknowledged(event, ms)`,
 * `refused(event, problem)`.
 */
export class LiveSocket {
  #on
  #socket = null
  #state = ''
  #attempts = 0
  #timers = { connect: 0, quiet: 0 }
  #lists = new Map()
  #events = new Map()
  #made = 0

  constructor(on) {
    this.#on = on
  }

  open() {
    clearTimeout(this.#timers.connect)
    this.#tell(this.#attempts === 0 ? 'connecting' : 'reconnecting')
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
    const socket = new WebSocket(`${scheme}://${location.host}/v1/ws`, protocol)
    this.#socket = socket
    socket.onopen = () => {
      const token = savedKey()
      socket.send(JSON.stringify({ type: 'connection_init', ...(token === null ? {} : { token }) }))
      this.#expectNews()
    }
    socket.onmessage = ({ data }) => this.#heard(JSON.parse(data))
    socket.onclose = ({ code }) => {
      if (socket === this.#socket) this.#lost(code)
    }
  }

  /** Replaces what was asked for this list before. */
  subscribe(list, payload) {
    this.unsubscribe(list)
    this.#made++
    this.#lists.set(list, { id: `${list}.${this.#made}`, payload })
    if (this.#state === 'live') this.#ask(list)
  }

  unsubscribe(list) {
    const known = this.#lists.get(list)
    if (known === undefined) return
    this.#lists.delete(list)
    clearTimeout(known.timer)
    if (this.#state === 'live' && !known.hasEnded) this.#send({ type: 'complete', id: known.id })
  }

  event(event) {
    this.#events.set(event.event_id, { event, sentMs: 0 })
    for (const id of this.#events.keys()) {
      if (this.#events.size <= keptMax) break
      this.#events.delete(id)
    }
    if (this.#state === 'live') this.#sendEvent(event.event_id)
  }

  get unacknowledged() {
    return this.#events.size
  }

  #heard(message) {
    this.#expectNews()
    switch (message.type) {
      case 'connection_ack':
        this.#attempts = 0
        this.#tell('live')
        for (const list of this.#lists.keys()) this.#ask(list)
        for (const id of this.#events.keys()) this.#sendEvent(id)
        break
      case 'next':
        this.#next(message)
        break
      case 'ack':
        this.#acknowledged(message.id)
        break
      case 'error':
        this.#failed(message)
        break
      case 'goaway':
        this.#timers.connect = setTimeout(() => this.#leave(), message.retry_after_ms)
        break
      case 'ping':
        this.#send({ type: 'pong' })
    }
  }

  #next({ id, payload }) {
    const [list, known] = this.#listOf(id)
    if (known === undefined) return
    const ms = payload.cause === 'initial' ? performance.now() - known.askedMs : null
    this.#on.next(list, payload, ms)
  }

  #acknowledged(id) {
    const known = this.#events.get(id)
    if (known === undefined) return
    this.#events.delete(id)
    this.#on.acknowledged(known.event, performance.now() - known.sentMs)
  }

  #failed({ id, payload }) {
    const isPassing = passing.has(payload.code)
    const kept = this.#events.get(id)
    if (kept !== undefined) {
      if (isPassing) setTimeout(() => this.#state === 'live' && this.#sendEvent(id), again.events)
      else {
        this.#events.delete(id)
        this.#on.refused(kept.event, payload)
      }
      return
    }
    const [list, known] = this.#listOf(id)
    if (known === undefined) return
    known.hasEnded = true
    if (isPassing) known.timer = setTimeout(() => this.subscribe(list, known.payload), again.lists)
    this.#on.listError(list, payload, isPassing)
  }

  #listOf(id) {
    const list = id.slice(0, id.lastIndexOf('.'))
    const known = this.#lists.get(list)
    return [list, known?.id === id ? known : undefined]
  }

  #ask(list) {
    const known = this.#lists.get(list)
    known.askedMs = performance.now()
    known.hasEnded = false
    this.#send({ type: 'subscribe', id: known.id, payload: known.payload })
  }

  #sendEvent(id) {
    const kept = this.#events.get(id)
    if (kept === undefined) return
    kept.sentMs = performance.now()
    this.#send({ type: 'event', id, payload: kept.event })
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  /** A connection that only looks open is found out by a ping that stays unanswered. */
  #expectNews() {
    clearTimeout(this.#timers.quiet)
    this.#timers.quiet = setTimeout(() => {
      this.#send({ type: 'ping' })
      this.#timers.quiet = setTimeout(() => this.#leave(), answerMs)
    }, quietMs)
  }

  #leave() {
    const socket = this.#socket
    this.#lost(1000)
    socket?.close()
  }

  #lost(code) {
    clearTimeout(this.#timers.quiet)
    this.#socket = null
    if (code === 4401 || code === 4403) {
      this.#tell('refused')
      return
    }
    const delay = delaysMs[Math.min(this.#attempts, delaysMs.length - 1)] * (0.75 + Math.random() / 2)
    this.#attempts++
    this.#tell('waiting', delay)
    clearTimeout(this.#timers.connect)
    this.#timers.connect = setTimeout(() => this.open(), delay)
  }

  #tell(state, detail) {
    this.#state = state
    this.#on.state(state, detail)
  }
}
