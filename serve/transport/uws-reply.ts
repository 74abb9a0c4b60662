import { STATUS_CODES } from 'node:http'
import type { Reply } from './transport.ts'
import type { UwsResponse } from './uws-binding.ts'

/** All of a reply, or the first part of one that goes on. The response is gone afterwards, unless it goes on. */
export function writeReply(
  response: UwsResponse,
  { status, headers, body, stream }: Reply,
  { isHead, closes }: { isHead: boolean; closes: boolean }
): void {
  response.cork(() => {
    response.writeStatus(`${status} ${STATUS_CODES[status] ?? ''}`)
    for (let i = 0; i < headers.length; i += 2) response.writeHeader(headers[i], headers[i + 1])
    if (stream !== undefined) response.write(body)
    else if (isHead) endHead(response, Buffer.byteLength(body), closes)
    else response.end(body, closes)
  })
}

/** Given a length or an order to close, `endWithoutBody` takes the reply for unfinished and ends the next request. */
function endHead(response: UwsResponse, bodyBytes: number, closes: boolean): void {
  response.writeHeader('content-length', String(bodyBytes))
  if (closes) response.writeHeader('connection', 'close')
  response.endWithoutBody()
}
