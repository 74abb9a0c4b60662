/**
 * Every `code` a caller can meet, with the HTTP status it is answered with: the one place where a status is chosen.
 * `remedy` is for the caller. Answered as `application/problem+json` (RFC 9457); docs/reference/errors.md is generated
 * from here.
 */
export interface ProblemKind {
  readonly code: string
  readonly status: number
  readonly title: string
  readonly remedy: string
  /** Sent as `Retry-After` unless the moment knows better. */
  readonly retryAfterS?: number
}

const kinds = [
  kind('malformed_request', 400, 'The request is not HTTP we can read', 'Send a well-formed HTTP/1.1 request.'),
  kind('malformed_json', 400, 'The body is not JSON', 'Send one JSON value in UTF-8.'),
  kind(
    'unauthenticated',
    401,
    'No valid key or token',
    'Send `Authorization: Bearer …` or `X-API-Key`; get a new token where it has expired.'
  ),
  kind('forbidden', 403, 'The key may not do this', 'Use a key with the scope that `detail` names.'),
  kind(
    'forbidden_id',
    403,
    'The token is for other ids',
    'Send only the `user_id` and `session_id` that the token was made for.'
  ),
  kind('origin_not_allowed', 403, 'The page’s origin may not call this', 'Add the origin to `http.cors_origins`.'),
  kind(
    'host_not_allowed',
    403,
    'Not a name of this machine',
    'Call by `localhost` or a loopback address, or turn on keys.'
  ),
  kind('unknown_route', 404, 'No such path', 'See /openapi.json for the paths there are.'),
  kind('unknown_surface', 404, 'No such surface', 'Use one of home, product, cart, email.'),
  kind(
    'unknown_erasure',
    404,
    'No such erasure',
    'Use the `erasure_id` that `DELETE /v1/users/{id}` has answered with.'
  ),
  kind('method_not_allowed', 405, 'The path has no such method', 'Use a method that `Allow` names.'),
  kind(
    'request_timeout',
    408,
    'The request took too long to arrive',
    'Send the request without pauses, or in smaller parts.'
  ),
  kind('body_too_large', 413, 'The body is too large', 'Send less in one request; `detail` names the limit.'),
  kind('too_many_events', 413, 'Too many events in one request', 'Send at most 500 events in one request.'),
  kind('too_many_rows', 413, 'Too many rows in one request', 'Send at most 5000 rows in one request.'),
  kind(
    'unsupported_media_type',
    415,
    'The content type is not understood',
    'Send one of the types that `detail` names.'
  ),
  kind(
    'invalid_field',
    422,
    'A field has a value it cannot have',
    'Correct the field that `pointer` or `detail` names.'
  ),
  kind('missing_field', 422, 'A required field is missing', 'Add the field that `detail` names.'),
  kind('unknown_field', 422, 'A field is not known', 'Correct its name or leave it out.'),
  kind(
    'invalid_parameter',
    422,
    'A query parameter or header has a value it cannot have',
    'Correct what `parameter` names.'
  ),
  kind('not_an_object', 422, 'An event or row is not a JSON object', 'Send every event and row as a JSON object.'),
  kind('id_too_long', 422, 'An id is too long', 'Ids have at most 256 bytes in UTF-8.'),
  kind('bad_timestamp', 422, 'A time cannot be read', 'Send RFC 3339 with an offset, or epoch milliseconds.'),
  kind('unknown_event_type', 422, 'No such event type', 'Use one of the types that `detail` names.'),
  kind('event_too_large', 422, 'An event is too large', 'An event has at most 16 KiB of JSON; send less in `context`.'),
  kind('row_too_large', 422, 'A row is too large', 'A row has at most 64 KiB of JSON.'),
  kind('ts_in_future', 422, 'The event lies in the future', 'Leave `ts` out, or set the sender’s clock.'),
  kind('ts_too_old', 422, 'The event is older than `events.max_age`', 'Load history with `millrace load`.'),
  kind('all_rejected', 422, 'Nothing in the request was accepted', 'See `rejected` for what to change in each.'),
  later('rate_limited', 429, 'Too many requests', 'Wait as long as `Retry-After` says.'),
  later(
    'overloaded',
    429,
    'More is coming in than can be written',
    'Wait as long as `Retry-After` says, then send again; events are counted once by `event_id`.'
  ),
  later(
    'too_many_subscriptions',
    429,
    'Too many subscriptions',
    'Complete subscriptions that are no longer looked at.'
  ),
  kind(
    'headers_too_large',
    431,
    'The headers are too large',
    'Send at most 16 KiB of headers; use POST for long requests.'
  ),
  kind('unexpected', 500, 'A defect of ours', 'Report it with the `request_id`.'),
  later('not_ready', 503, 'Still starting', 'Wait as long as `Retry-After` says.'),
  later('draining', 503, 'About to stop', 'Send it again: another replica, or this one after its restart, answers.'),
  later('too_many_sockets', 503, 'Too many open sockets', 'Connect again later; spread clients over replicas.')
] as const satisfies readonly ProblemKind[]

export type ProblemCode = (typeof kinds)[number]['code']

export const problemKinds: readonly ProblemKind[] = kinds

const byCode = new Map<string, ProblemKind>(kinds.map(kind => [kind.code, kind]))

/** Codes that are not ours to show are `unexpected`. */
export function problemKind(code: string): ProblemKind {
  return byCode.get(code) ?? (byCode.get('unexpected') as ProblemKind)
}

export interface CloseKind {
  readonly code: number
  readonly title: string
  readonly remedy: string
}

/** Close codes of the WebSocket (INTERFACES 5). */
export const closeKinds = {
  restart: { code: 1012, title: 'The server restarts', remedy: 'Connect again after `retry_after_ms` of the goaway.' },
  badMessage: {
    code: 4400,
    title: 'A message is not of the protocol',
    remedy: 'The reason names what is wrong; correct the client.'
  },
  unauthenticated: { code: 4401, title: 'No valid token', remedy: 'Send `connection_init` with a valid token first.' },
  forbidden: {
    code: 4403,
    title: 'The token may not do this',
    remedy: 'Use a key with the scope `read` or `write`, or a token.'
  },
  initTimeout: {
    code: 4408,
    title: 'No `connection_init` in time',
    remedy: 'Send `connection_init` as soon as the socket is open.'
  },
  duplicateId: {
    code: 4409,
    title: 'The subscription’s id is in use',
    remedy: 'Choose another id, or `complete` the first.'
  },
  tooMany: {
    code: 4429,
    title: 'Too many messages or subscriptions, or a reader too slow',
    remedy: 'Send less, subscribe to less, read faster; then connect again.'
  }
} as const satisfies Record<string, CloseKind>

function kind<Code extends string>(code: Code, status: number, title: string, remedy: string) {
  return { code, status, title, remedy }
}

/** Sending it again later helps. */
function later<Code extends string>(code: Code, status: number, title: string, remedy: string) {
  return { code, status, title, remedy, retryAfterS: 1 }
}
