import type { Request } from './transport.ts'
import type { UwsHead, UwsResponse } from './uws-binding.ts'

const noBytes = Buffer.alloc(0)
/** `: ` and the end of the line. */
const bytesAroundHeader = 4

/** A head, copied: the library's own is gone when its handler returns. */
export class UwsRequest implements Request {
  readonly receivedMs = performance.now()
  readonly method: string
  readonly path: string
  readonly query: string
  readonly ip: string
  body: Buffer = noBytes
  headBytes: number
  /** More than one content-length: where this request ends depends on who reads it (RFC 9112, 6.3). */
  isAmbiguous = false
  private readonly headers = new Map<string, string>()

  constructor(response: UwsResponse, head: UwsHead) {
    this.method = head.getCaseSensitiveMethod()
    this.path = head.getUrl()
    this.query = head.getQuery() ?? ''
    this.ip = addressOf(new Uint8Array(response.getRemoteAddress()))
    this.headBytes = this.method.length + this.path.length + this.query.length
    head.forEach((name, value) => {
      this.add(name, value)
    })
  }

  private add(name: string, value: string): void {
    this.headBytes += name.length + value.length + bytesAroundHeader
    const before = this.headers.get(name)
    if (before === undefined) this.headers.set(name, value)
    else if (name === 'content-length') this.isAmbiguous = true
    else if (!isSingle(name)) this.headers.set(name, `${before}, ${value}`)
  }

  header(name: string): string | undefined {
    return this.headers.get(name)
  }

  get hasBody(): boolean {
    return this.headers.has('content-length') || this.headers.has('transfer-encoding')
  }

  /** undefined where the body comes in chunks. */
  get announcedBytes(): number | undefined {
    return this.headers.has('transfer-encoding') ? undefined : Number(this.headers.get('content-length') ?? 0)
  }
}

/** Headers of which the first counts; others are lists (RFC 9110, 5.3). */
function isSingle(name: string): boolean {
  return name === 'authorization' || name === 'host' || name === 'content-type' || name === 'user-agent'
}

/** As `node:net` writes it. */
export function addressOf(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) return ''
  const isMapped = bytes.subarray(0, 10).every(byte => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff
  if (isMapped) return `::ffff:${bytes.subarray(12).join('.')}`
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] << 8) | bytes[2 * i + 1]).toString(16))
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}
