/** Cells under one another; the first `names` columns on the left, all others on the right. */
export function textTable(rows: readonly (readonly string[])[], names: number): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map(row => row[column].length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i < names ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd()
  return rows.map(line).join('\n')
}
