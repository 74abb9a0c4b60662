import { codeOf, MillraceError, messageOf } from '../../engine/errors.ts'
import { Problem } from '../http/problem.ts'
import { jsonTypes, type Route } from '../http/route.ts'
import type { Channel, ChannelListener, Reply } from '../transport/transport.ts'
import { type Operations, operationNames } from './operations.ts'
import { checkedParams } from './params.ts'

/**
 * The operations on the admin port: `POST /admin/<operation>` with its parameters as JSON. The answer is a line of JSON
 * per row, `{"row": …}`, and a last line `{"done": true}` or `{"error": {code, message, remedy}}`; an answer without one
 * was cut off. Empty lines keep the connection alive.
 */
export interface OperationRouteOptions {
  operations: Operations
  /** API keys are set; without them only this machine is answered. */
  isAuthOn: boolean
}

export type Line = { row: unknown } | { done: true } | { error: { code: string; message: string; remedy: string } }

const bodyBytesMax = 16 << 20
const sendBytes = 32 * 1024
const bufferedBytesMax = 256 * 1024
const heartbeatMs = 10_000
const pollMs = 5

export function operationRoutes({ operations, isAuthOn }: OperationRouteOptions): Route[] {
  return operationNames.map(name => ({
    method: 'POST',
    path: `/admin/${kebab(name)}`,
    scope: 'admin',
    body: { bytesMax: bodyBytesMax, types: jsonTypes },
    answer(call): Reply {
      if (!isAuthOn && !isThisMachine(call.request.ip)) {
        throw new Problem('forbidden', 'Without API keys the commands are answered on this machine only.')
      }
      const operation = operations[name] as (what: unknown) => AsyncIterable<unknown>
      return streamed(operation(checkedParams(name, call.json())))
    }
  }))
}

export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

function isThisMachine(ip: string): boolean {
  return ip === '::1' || ip.replace(/^::ffff:/, '').startsWith('127.')
}

function streamed(rows: AsyncIterable<unknown>): Reply {
  return {
    status: 200,
    headers: ['content-type', 'application/x-ndjson', 'cache-control', 'no-store'],
    body: '',
    stream: channel => {
      const sender = new LineSender(channel)
      void sender.sendAll(rows)
      return sender
    }
  }
}

/** Sends no faster than the other side reads. */
class LineSender implements ChannelListener {
  readonly #channel: Channel
  #text = ''
  #isClosed = false
  readonly #heartbeat = setInterval(() => this.#channel.send('\n'), heartbeatMs)

  constructor(channel: Channel) {
    this.#channel = channel
  }

  async sendAll(rows: AsyncIterable<unknown>): Promise<void> {
    try {
      for await (const row of rows) {
        await this.#add({ row })
        if (this.#isClosed) return
      }
      await this.#add({ done: true })
    } catch (error) {
      const remedy = error instanceof MillraceError ? error.remedy : 'stop'
      await this.#add({ error: { code: codeOf(error), message: messageOf(error), remedy } })
    } finally {
      clearInterval(this.#heartbeat)
      this.#flush()
      await this.#untilBuffered(0)
      if (!this.#isClosed) this.#channel.close(1000, 'done')
    }
  }

  message(): void {}

  drained(): void {}

  closed(): void {
    this.#isClosed = true
    clearInterval(this.#heartbeat)
  }

  async #add(line: Line): Promise<void> {
    this.#text += `${JSON.stringify(line)}\n`
    if (this.#text.length < sendBytes) return
    this.#flush()
    await this.#untilBuffered(bufferedBytesMax)
  }

  #flush(): void {
    if (this.#text !== '' && !this.#isClosed) this.#channel.send(this.#text)
    this.#text = ''
  }

  async #untilBuffered(bytesMax: number): Promise<void> {
    while (!this.#isClosed && this.#channel.bufferedBytes > bytesMax) {
      await new Promise(resolve => setTimeout(resolve, pollMs))
    }
  }
}
