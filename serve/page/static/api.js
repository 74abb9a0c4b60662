const keyName = 'millrace.key'

/** An answer that says what went wrong (RFC 9457). */
export class ApiProblem extends Error {
  constructor({ code = 'unreachable', status = 0, title = '', detail = '' }) {
    super(detail || title)
    this.code = code
    this.status = status
    this.title = title
  }
}

export const savedKey = () => sessionStorage.getItem(keyName)
export const saveKey = key => sessionStorage.setItem(keyName, key)

/** `{ value, serverMs }`: `serverMs` is the sum of `Server-Timing`, null where there is none. */
export async function call(path, { signal, body } = {}) {
  const key = savedKey()
  const headers = {}
  if (key !== null) headers.authorization = `Bearer ${key}`
  if (body !== undefined) headers['content-type'] = 'application/json'
  const init = { headers, signal }
  const response = await fetch(
    path,
    body === undefined ? init : { ...init, method: 'POST', body: JSON.stringify(body) }
  )
  const value = /json/.test(response.headers.get('content-type') ?? '') ? await response.json() : {}
  if (!response.ok) throw new ApiProblem({ status: response.status, ...value })
  return { value, serverMs: serverMs(response.headers.get('server-timing')) }
}

function serverMs(header) {
  if (header === null) return null
  return [...header.matchAll(/dur=([\d.]+)/g)].reduce((sum, [, ms]) => sum + Number(ms), 0)
}
