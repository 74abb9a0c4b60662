import { call } from './api.js'
import { byId, setText } from './dom.js'
import { count, duration } from './words.js'

const loadingMs = 1_000
const calmMs = 4_000

const connections = {
  connecting: () => 'Connecting',
  live: () => 'Live',
  waiting: ms => `Retry in ${Math.max(1, Math.round(ms / 1000))} s`,
  reconnecting: () => 'Reconnecting',
  refused: () => 'Needs a key'
}

/** The line that says how the server is doing. `onStatus` hears every status; `onRefused`, that a key is needed. */
export class Strip {
  #timer = 0
  #onStatus
  #onRefused

  constructor({ onStatus, onRefused }) {
    this.#onStatus = onStatus
    this.#onRefused = onRefused
    document.addEventListener('visibilitychange', () => {
      clearTimeout(this.#timer)
      if (!document.hidden) this.poll()
    })
  }

  connection(state, detail) {
    const place = byId('connection')
    place.dataset.state = state
    document.body.dataset.connection = state
    setText(place.querySelector('b'), connections[state](detail))
  }

  answered(ms, serverMs = null) {
    setText(byId('answer-ms'), duration(ms))
    if (serverMs !== null) setText(byId('server-ms'), `${serverMs.toFixed(2)} ms`)
  }

  staleness(ms) {
    setText(byId('staleness'), duration(ms))
  }

  async poll() {
    let next = calmMs
    try {
      const { value } = await call('/page/status')
      if (value.load !== null && !value.load.done) next = loadingMs
      this.staleness(value.staleness_ms)
      setText(byId('events'), count(value.events))
      this.#load(value.load)
      this.#onStatus(value)
    } catch (error) {
      if (error.status === 401 || error.status === 403) return this.#onRefused()
      setText(byId('staleness'), '–')
    }
    clearTimeout(this.#timer)
    if (!document.hidden) this.#timer = setTimeout(() => this.poll(), next)
  }

  #load(load) {
    const bar = byId('load')
    const isOn = load !== null && !load.done
    bar.hidden = !isOn
    setText(byId('load-rows'), isOn ? `${count(load.rows)} of ${count(load.rows_total)} rows` : '')
    byId('history').classList.toggle('absent', load === null)
    if (!isOn) return setText(byId('load-share'), 'complete')
    bar.max = Math.max(1, load.rows_total)
    bar.value = load.rows
    const share = Math.floor((100 * load.rows) / Math.max(1, load.rows_total))
    setText(byId('load-share'), `${share} %`)
  }
}
