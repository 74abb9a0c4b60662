import { isUtf8 } from 'node:buffer'
import { id } from '../../schemas/fields.ts'
import type { Admission, Reply, Request, TransportProblem } from '../transport/transport.ts'
import type { App } from './app.ts'
import { type Identity, localIdentity } from './auth.ts'
import { Problem } from './problem.ts'
import type { Route } from './route.ts'

const timeoutMsMax = 60_000

/** One request on its way through the edge. */
export class Call implements Admission {
  readonly request: Request
  readonly requestId: string
  identity: Identity = localIdentity
  /** Set before a route sees the call. */
  route!: Route
  params: string[] = []
  bodyBytesMax = 0
  /** No credential came with the head; the route looks for one in the body. */
  awaitsToken = false
  private readonly app: App

  constructor(app: App, request: Request, requestId: string) {
    this.app = app
    this.request = request
    this.requestId = requestId
  }

  answer(): Reply | Promise<Reply> {
    try {
      const reply = this.route.answer(this)
      if (!(reply instanceof Promise)) return this.app.finish(this, reply)
      return reply.then(
        one => this.app.finish(this, one),
        error => this.app.fail(this, error)
      )
    } catch (error) {
      return this.app.fail(this, error)
    }
  }

  failed(problem: TransportProblem): Reply {
    const detail =
      problem === 'body_too_large'
        ? `Send at most ${this.bodyBytesMax} bytes.`
        : 'Send less at once, then send it again.'
    return this.app.fail(this, new Problem(problem, detail))
  }

  /** On the clock of `performance.now()`. */
  deadlineMs(defaultMs: number): number {
    const text = this.request.header('x-request-timeout-ms')
    if (text === undefined) return this.request.receivedMs + defaultMs
    const ms = Number(text)
    if (!Number.isInteger(ms) || ms < 1 || ms > timeoutMsMax) {
      throw new Problem('invalid_parameter', `X-Request-Timeout-Ms must be a whole number from 1 to ${timeoutMsMax}.`, {
        parameter: 'X-Request-Timeout-Ms'
      })
    }
    return this.request.receivedMs + ms
  }

  /** The `{id}` of the path. */
  pathId(): string {
    return id('id', decoded(this.params[0]))
  }

  text(): string {
    const { body } = this.request
    if (!isUtf8(body)) throw new Problem('malformed_json', 'The body must be UTF-8.')
    return body.toString()
  }

  json(): unknown {
    return parsed(this.text())
  }

  /** The media type, without its parameters. */
  mediaType(): string {
    return mediaTypeOf(this.request)
  }
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const why = text.trim() === '' ? 'The body is empty; send JSON.' : 'The body must be one JSON value.'
    throw new Problem('malformed_json', why, { cause })
  }
}

export function mediaTypeOf(request: Request): string {
  const type = request.header('content-type')
  if (type === undefined) return ''
  const semicolon = type.indexOf(';')
  return (semicolon < 0 ? type : type.slice(0, semicolon)).trim().toLowerCase()
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch (cause) {
    throw new Problem('malformed_request', 'The path has a % that does not start an escape of UTF-8.', { cause })
  }
}
