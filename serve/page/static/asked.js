import { savedKey } from './api.js'
import { element, setText } from './dom.js'

const copiedMs = 2_000

/** "How was this asked?": the request behind a list, ready for a terminal. */
export function askedView(place) {
  const code = element('code')
  const copy = element('button', { class: 'quiet', type: 'button' }, 'Copy')
  const text = element('p', {}, 'Here it is pushed over ', element('code', {}, '/v1/ws'), '. The same from a terminal:')
  place.append(
    element(
      'details',
      {},
      element('summary', {}, 'How was this asked?'),
      text,
      element('div', { class: 'code' }, element('pre', { tabindex: '0' }, code), copy)
    )
  )
  copy.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(code.textContent)
      copy.textContent = 'Copied'
    } catch {
      // Without leave to write to the clipboard, the text is at least selected.
      getSelection().selectAllChildren(code)
      copy.textContent = 'Selected'
    }
    setTimeout(() => setText(copy, 'Copy'), copiedMs)
  })
  return { show: commands => setText(code, commands.join('\n\n')) }
}

export function curl(path, body) {
  const key = savedKey() === null ? '' : ` \\\n  -H "Authorization: Bearer $MILLRACE_KEY"`
  const url = `curl ${quoted(location.origin + path)}${key}`
  if (body === undefined) return url
  return `${url} \\\n  -H 'Content-Type: application/json' \\\n  -d ${quoted(JSON.stringify(body))}`
}

/** For a POSIX shell. */
const quoted = text => `'${text.replaceAll("'", "'\\''")}'`
