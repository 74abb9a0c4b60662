import { createReadStream } from 'node:fs'

/** The lines of a file in ASCII, as the events file is. */
export async function* linesOf(file: string): AsyncIterable<string> {
  let rest = ''
  for await (const piece of createReadStream(file, { encoding: 'latin1', highWaterMark: 1 << 20 })) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() as string
    yield* lines
  }
}
