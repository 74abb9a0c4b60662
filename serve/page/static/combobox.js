import { element } from './dom.js'

const typingMs = 120

/**
 * An editable combobox with a list (ARIA Authoring Practices, "combobox with list autocomplete"): focus stays in the
 * field, arrows move through the list, Enter takes, Escape gives up.
 *
 * `find(text, signal)` → options; `optionOf(option)` → nodes to show; `choose(option)`. After a choice, and whenever the
 * field is left, it says `resting()`.
 */
export function combobox({ input, list, find, optionOf, choose, resting, announce }) {
  let options = []
  let active = -1
  let timer = 0
  let asking = null
  const attributes = {
    role: 'combobox',
    'aria-expanded': 'false',
    'aria-autocomplete': 'list',
    'aria-controls': list.id
  }
  for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value)
  list.setAttribute('role', 'listbox')
  list.setAttribute('aria-label', input.labels[0].textContent)

  function close() {
    clearTimeout(timer)
    asking?.abort()
    list.hidden = true
    active = -1
    input.setAttribute('aria-expanded', 'false')
    input.removeAttribute('aria-activedescendant')
  }

  function rest() {
    close()
    input.value = resting()
  }

  async function look(text) {
    asking?.abort()
    asking = new AbortController()
    const { signal } = asking
    try {
      const found = await find(text, signal)
      if (!signal.aborted && document.activeElement === input) show(found)
    } catch (error) {
      if (!signal.aborted) show([], error)
    }
  }

  function show(found, error) {
    options = found
    list.replaceChildren(...options.map(optionElement))
    if (options.length === 0) {
      const text = error === undefined ? 'Nothing found' : `Cannot look: ${error.message}`
      list.append(
        element('li', { class: 'nothing', role: 'option', 'aria-disabled': 'true', 'aria-selected': 'false' }, text)
      )
    }
    list.hidden = false
    list.scrollTop = 0
    input.setAttribute('aria-expanded', 'true')
    activate(options.length > 0 && input.value !== '' && input.value !== resting() ? 0 : -1)
    announce(options.length === 0 ? 'Nothing found' : `${options.length} found`)
  }

  function optionElement(option, index) {
    const item = element(
      'li',
      { id: `${list.id}-${index}`, role: 'option', 'aria-selected': 'false' },
      ...optionOf(option)
    )
    item.addEventListener('click', () => take(index))
    return item
  }

  function activate(index) {
    list.children[active]?.setAttribute('aria-selected', 'false')
    active = index
    const item = index < 0 ? undefined : list.children[index]
    if (item === undefined) return input.removeAttribute('aria-activedescendant')
    item.setAttribute('aria-selected', 'true')
    input.setAttribute('aria-activedescendant', item.id)
    item.scrollIntoView({ block: 'nearest' })
  }

  function take(index) {
    const option = options[index]
    close()
    choose(option)
    input.value = resting()
    input.select()
  }

  function step(by) {
    if (list.hidden) return look(textOf())
    if (options.length > 0) activate((active + by + options.length + (active < 0 && by < 0 ? 1 : 0)) % options.length)
  }

  /** The resting text is no search. */
  const textOf = () => (input.value === resting() ? '' : input.value)

  input.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(() => look(textOf()), typingMs)
  })
  // The field keeps the focus, whatever is pressed in the list.
  list.addEventListener('mousedown', event => event.preventDefault())
  input.addEventListener('focus', () => input.select())
  input.addEventListener('click', () => list.hidden && look(textOf()))
  input.addEventListener('blur', rest)
  input.addEventListener('keydown', event => {
    if (event.isComposing) return
    if (event.key === 'ArrowDown') step(1)
    else if (event.key === 'ArrowUp') step(-1)
    else if (event.key === 'Enter' && !list.hidden && active >= 0) take(active)
    else if (event.key === 'Escape' && (!list.hidden || input.value !== resting())) rest()
    else return
    event.preventDefault()
  })
  rest()
  return { refresh: rest }
}
