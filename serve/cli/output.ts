import { styleText } from 'node:util'

/** Data goes to stdout; what is said about it goes to stderr. Colours only on a terminal and without NO_COLOR. */

export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2))
}

/** One value a line, for lists of any length. */
export function printJsonLine(value: unknown): void {
  print(JSON.stringify(value))
}

export type Cell = string | number | null | undefined

/** Columns under a headline; numbers to the right. */
export function printTable(headings: readonly string[], rows: readonly (readonly Cell[])[]): void {
  const texts = rows.map(row => row.map(textOf))
  const widths = headings.map((heading, i) => Math.max(heading.length, ...texts.map(row => row[i].length)))
  const isNumeric = headings.map((_, i) => rows.length > 0 && rows.every(row => typeof row[i] === 'number'))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (isNumeric[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join('  ')
      .trimEnd()
  print(bold(line(headings.map(heading => heading.toUpperCase()))))
  for (const row of texts) print(line(row))
}

function bold(text: string): string {
  return styleText('bold', text, { stream: process.stdout })
}

export function count(number: number): string {
  return number.toLocaleString('en-US')
}

function textOf(cell: Cell): string {
  if (cell === null || cell === undefined) return '-'
  return typeof cell === 'number' ? count(cell) : cell
}
