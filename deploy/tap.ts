export interface TestResult {
  passed: number
  failed: number
  skipped: number
  failures: Failure[]
  /** Titles. */
  skips: string[]
}

export interface Failure {
  title: string
  detail: string[]
}

/**
 * Reads TAP as AVA prints it: feed it the lines, get counts and the failures with what was said about them.
 *
 * A YAML block below `not ok` explains the failure; `# ` lines outside it are a test's log. A file that crashed or
 * could not be loaded is a `not ok` too.
 */
export function tapReader() {
  const result: TestResult = { passed: 0, failed: 0, skipped: 0, failures: [], skips: [] }
  let failure: Failure | undefined
  let inBlock = false

  return { line, result }

  function line(text: string) {
    if (inBlock) return blockLine(text)
    const point = /^(not )?ok \d+(?: - )?(.*?)(?: # (SKIP|TODO)\b.*)?$/i.exec(text)
    if (point) return testPoint(point[2].trim(), point[1] === undefined, point[3]?.toUpperCase())
    if (/^\s+---\s*$/.test(text)) inBlock = true
    else if (text.startsWith('# ')) failure?.detail.push(text.slice(1))
  }

  function testPoint(title: string, ok: boolean, directive?: string) {
    failure = undefined
    if (directive) {
      result.skipped++
      result.skips.push(title)
    } else if (ok) {
      result.passed++
    } else {
      result.failed++
      failure = { title, detail: [] }
      result.failures.push(failure)
    }
  }

  function blockLine(text: string) {
    if (/^\s+\.\.\.\s*$/.test(text)) inBlock = false
    else failure?.detail.push(text)
  }
}
