import { MillraceError, type Remedy, stop } from '../../engine/errors.ts'
import { type Operations, operationNames } from './operations.ts'
import { kebab, type Line } from './routes.ts'

/** The operations of a running instance, by its admin port. */
export function remoteOperations(adminUrl: string, key: string | null): Operations {
  const entries = operationNames.map(name => [
    name,
    (what: unknown = {}) => rowsOf(adminUrl, `/admin/${kebab(name)}`, { what, key })
  ])
  return Object.fromEntries(entries) as unknown as Operations
}

async function* rowsOf(
  adminUrl: string,
  path: string,
  { what, key }: { what: unknown; key: string | null }
): AsyncGenerator<unknown> {
  const headers = { 'content-type': 'application/json', ...(key === null ? {} : { authorization: `Bearer ${key}` }) }
  const response = await asked(`${adminUrl}${path}`, { method: 'POST', headers, body: JSON.stringify(what) })
  if (response.status !== 200 || !response.body) throw await refused(response, adminUrl)
  for await (const line of linesOf(response.body, adminUrl)) {
    if ('row' in line) yield line.row
    else if ('done' in line) return
    else throw new MillraceError(line.error.code, line.error.remedy as Remedy, line.error.message)
  }
  throw cutOff(adminUrl)
}

async function asked(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (error) {
    throw cutOff(url, error)
  }
}

async function refused(response: Response, adminUrl: string): Promise<MillraceError> {
  const body = (await response.json().catch(() => ({}))) as { code?: string; detail?: string }
  const detail = body.detail ?? `it answered ${response.status}`
  return stop(
    body.code ?? 'instance_refused',
    `The running instance at ${adminUrl} refused: ${detail} (commands use the first key of api_keys with the scope admin).`
  )
}

async function* linesOf(body: ReadableStream<Uint8Array>, adminUrl: string): AsyncGenerator<Line> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true })
      const lines = text.split('\n')
      text = lines.pop() as string
      for (const line of lines) if (line !== '') yield JSON.parse(line) as Line
    }
  } catch (error) {
    throw error instanceof MillraceError ? error : cutOff(adminUrl, error)
  }
}

function cutOff(adminUrl: string, cause?: unknown): MillraceError {
  return stop(
    'instance_unreachable',
    `The running instance at ${adminUrl} did not answer to the end: see its log, then run the command again.`,
    cause
  )
}
