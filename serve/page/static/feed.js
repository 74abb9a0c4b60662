import { element, setText } from './dom.js'
import { changeText, duration } from './words.js'

const entriesMax = 6
/** What changes within this time after an act is taken as its effect. */
const effectMs = 1_500
const announceMs = 900

/** "What just happened": each act with how long it took to be durable and what it changed; spoken once it is complete. */
export class Feed {
  #list
  #announce
  #last = null
  #timer = 0

  constructor({ list, announce }) {
    this.#list = list
    this.#announce = announce
    list.append(element('li', { class: 'message' }, 'Click something: what it changes shows up here.'))
  }

  get isFollowingAct() {
    return this.#last !== null && performance.now() - this.#last.ms < effectMs
  }

  /** Ms since the act that nothing followed yet, once; else null. */
  takeDelay() {
    if (!this.isFollowingAct || this.#last.isAnswered) return null
    this.#last.isAnswered = true
    return performance.now() - this.#last.ms
  }

  act(text, eventIds) {
    const entry = this.#entry(text)
    this.#last = {
      ...entry,
      text,
      ids: new Set(eventIds),
      ms: performance.now(),
      effects: new Map(),
      isAnswered: false
    }
    setText(entry.status, 'sent …')
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#speak(), announceMs)
  }

  note(text, status = '', kind = '') {
    const entry = this.#entry(text, kind)
    setText(entry.status, status)
    this.#announce(`${text}. ${status}`)
  }

  acknowledged(event, ms) {
    const last = this.#last
    if (last === null || !last.ids.delete(event.event_id) || last.ids.size > 0) return
    setText(last.status, `durable in ${duration(ms)}`)
  }

  refused(event, problem) {
    this.note(`${event.event_type.replaceAll('_', ' ')} was refused`, problem.detail ?? problem.code, 'bad')
  }

  effect(surface, changes) {
    const text = changeText(changes)
    if (text === '' || !this.isFollowingAct) return
    this.#last.effects.set(surface, text)
    setText(this.#last.effectsLine, effectsOf(this.#last))
  }

  #speak() {
    const effects = effectsOf(this.#last)
    this.#announce(`${this.#last.text}. ${effects === '' ? 'No list changed.' : effects}`)
  }

  #entry(text, kind = '') {
    const status = element('span', { class: 'status' })
    const effectsLine = element('span', { class: 'effects' })
    const time = new Date().toLocaleTimeString()
    const root = element('li', { class: kind }, element('time', {}, time), element('b', {}, text), status, effectsLine)
    this.#list.querySelector('.message')?.remove()
    this.#list.prepend(root)
    while (this.#list.children.length > entriesMax) this.#list.lastElementChild.remove()
    return { status, effectsLine }
  }
}

const effectsOf = ({ effects }) =>
  [...effects]
    .sort()
    .map(([surface, text]) => `${surface}: ${text}`)
    .join(' · ')
