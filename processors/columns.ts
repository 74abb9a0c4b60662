type Column = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Float32Array<ArrayBuffer>
/** Columns of one table, in one buffer. */
type Columns<T> = Record<keyof T, Column>

const rowsMax = 1 << 16
const sizes: number[] = []
for (let size = 8; sizes.length === 0 || sizes[sizes.length - 1] < rowsMax; size = (size + (size >>> 3) + 5) & ~1) {
  sizes.push(size)
}

/**
 * The rows to make room for where `count` are needed. Lists are many and grow slowly, so that doubling would leave half of
 * it empty: sizes grow by an eighth. Even, so that columns of two bytes may follow one another.
 */
export function sizeFor(count: number): number {
  let [low, high] = [0, sizes.length - 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sizes[middle] < count) low = middle + 1
    else high = middle
  }
  return sizes[low]
}

/**
 * Columns that a list has outgrown, for the next list that grows to their size: buffers are outgrown all the time, and those
 * that lived long cost the collector more than everything else. At most `bytesMax`; what is beyond is let go.
 */
export class OutgrownColumns<T extends Columns<T>> {
  readonly #make: (rows: number) => T
  readonly #bytesMax: number
  readonly #bySize = new Map<number, T[]>()
  #bytes = 0

  constructor(make: (rows: number) => T, bytesMax: number) {
    this.#make = make
    this.#bytesMax = bytesMax
  }

  /** All zero. */
  columns(rows: number): T {
    const spare = this.#bySize.get(rows)?.pop()
    if (spare === undefined) return this.#make(rows)
    const { buffer } = firstOf(spare)
    this.#bytes -= buffer.byteLength
    new Uint8Array(buffer).fill(0)
    return spare
  }

  /** The same in longer columns; `outgrown`, of so many rows, must not be used any more. */
  grown(outgrown: T, outgrownRows: number, rows: number): T {
    const columns = this.columns(rows)
    for (const name in outgrown) columns[name].set(outgrown[name])
    this.keep(outgrown, outgrownRows)
    return columns
  }

  /** Columns, of so many rows, that nobody uses any more. */
  keep(columns: T, rows: number): void {
    const { byteLength } = firstOf(columns).buffer
    if (this.#bytes + byteLength > this.#bytesMax) return
    this.#bytes += byteLength
    const spares = this.#bySize.get(rows)
    if (spares) spares.push(columns)
    else this.#bySize.set(rows, [columns])
  }
}

function firstOf<T extends Columns<T>>(columns: T): Column {
  for (const name in columns) return columns[name]
  throw new RangeError('a table has columns')
}
