import { codeOf, MillraceError } from '../../engine/errors.ts'
import type { Rejection } from '../../schemas/http.ts'
import { type ProblemCode, problemKind } from '../../schemas/problems.ts'
import type { Reply } from '../transport/transport.ts'

interface ProblemDetails {
  /** JSON pointer to the field of the body. */
  pointer?: string
  /** Query parameter or header. */
  parameter?: string
  retryAfterS?: number
  rejected?: Rejection[]
  /** Name, value, … of further headers. */
  headers?: string[]
  cause?: unknown
}

/** What a caller did, or met, that has no other answer; its code chooses the status. */
export class Problem extends MillraceError {
  readonly details: ProblemDetails

  constructor(code: ProblemCode, detail: string, details: ProblemDetails = {}) {
    super(code, 'skip', detail, { cause: details.cause })
    this.name = 'Problem'
    this.details = details
  }
}

export interface ProblemBody {
  type: string
  title: string
  status: number
  code: string
  detail: string
  request_id: string
  pointer?: string
  parameter?: string
  rejected?: Rejection[]
}

/** Errors that are not for callers become `unexpected`, without their words. */
export function problemBody(error: unknown, requestId: string): ProblemBody {
  const kind = problemKind(codeOf(error))
  const isOurs = error instanceof MillraceError && kind.code === error.code
  const body: ProblemBody = {
    type: `/docs#${kind.code}`,
    title: kind.title,
    status: kind.status,
    code: kind.code,
    detail: isOurs ? error.message : kind.remedy,
    request_id: requestId
  }
  if (error instanceof Problem) {
    const { pointer, parameter, rejected } = error.details
    if (pointer !== undefined) body.pointer = pointer
    if (parameter !== undefined) body.parameter = parameter
    if (rejected !== undefined) body.rejected = rejected
  }
  return body
}

export function problemReply(error: unknown, requestId: string): Reply {
  const body = problemBody(error, requestId)
  const headers = ['content-type', 'application/problem+json', 'cache-control', 'no-store']
  const details = error instanceof Problem ? error.details : {}
  const retryAfterS = details.retryAfterS ?? problemKind(body.code).retryAfterS
  if (retryAfterS !== undefined) headers.push('retry-after', String(Math.max(1, Math.ceil(retryAfterS))))
  if (body.status === 401) headers.push('www-authenticate', 'Bearer realm="millrace"')
  if (details.headers !== undefined) headers.push(...details.headers)
  return { status: body.status, headers, body: JSON.stringify(body) }
}
