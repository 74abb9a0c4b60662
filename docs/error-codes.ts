import { globSync, readFileSync } from 'node:fs'
import ts from 'typescript'

/** An error code as the sources raise it. */
export interface RaisedCode {
  code: string
  /** What happens next: `skip`, `retry`, `restore`, `stop`. */
  remedies: Set<string>
  files: Set<string>
}

const remedyOf: Record<string, string> = { stop: 'stop', poison: 'skip', Problem: 'skip' }
const folders = [
  'engine',
  'schemas',
  'recommend',
  'processors',
  'topologies',
  'connectors',
  'serve',
  'reprocess',
  'deploy'
]
const isTest = /(\.(test|bench|integration\.test)|-contract)\.ts$|\/(testing|bench)\//

/**
 * Every code that the sources can raise: the first argument of `stop`, `poison`, `new MillraceError`, `new Problem`, and
 * the property `code` of what a file reader refuses.
 */
export function raisedCodes(root: string): Map<string, RaisedCode> {
  const found = new Map<string, RaisedCode>()
  const paths = globSync(`{${folders.join(',')}}/**/*.ts`, { cwd: root }).filter(path => !isTest.test(path))
  for (const path of paths.sort()) {
    const file = ts.createSourceFile(path, readFileSync(`${root}/${path}`, 'utf8'), ts.ScriptTarget.Latest, true)
    const add = (code: string, remedy: string) => {
      const known = found.get(code) ?? { code, remedies: new Set(), files: new Set() }
      known.remedies.add(remedy)
      known.files.add(path)
      found.set(code, known)
    }
    visit(file, add)
  }
  return found
}

type Add = (code: string, remedy: string) => void

function visit(node: ts.Node, add: Add): void {
  if (ts.isCallExpression(node) || ts.isNewExpression(node)) addRaised(node, add)
  if (ts.isObjectLiteralExpression(node)) addRefused(node, add)
  ts.forEachChild(node, child => visit(child, add))
}

function addRaised({ expression, arguments: given }: ts.CallExpression | ts.NewExpression, add: Add): void {
  const name = expression.getText()
  const [first, second] = given ?? []
  if (name in remedyOf) {
    for (const code of literals(first)) add(code, remedyOf[name])
    return
  }
  const [remedy] = literals(second)
  const isError = name === 'MillraceError' || (name === 'super' && remedy !== undefined)
  if (isError) for (const code of literals(first)) add(code, remedy ?? 'stop')
}

/** A record of a file that is refused (connectors/files/raw-record.ts). */
function addRefused(node: ts.ObjectLiteralExpression, add: Add): void {
  const named = node.properties.filter(ts.isPropertyAssignment)
  const code = named.find(one => one.name.getText() === 'code')
  const isRefusal = node.properties.some(one => one.name?.getText() === 'detail') && named.length <= 4
  if (code && isRefusal) for (const text of literals(code.initializer)) add(text, 'skip')
}

/** The texts an expression can be: a literal, either branch of a condition, or what stands behind `??`. */
function literals(node: ts.Expression | undefined): string[] {
  if (!node) return []
  if (ts.isStringLiteral(node)) return /^[a-z][a-z0-9_]*$/.test(node.text) ? [node.text] : []
  if (ts.isBinaryExpression(node)) return [...literals(node.left), ...literals(node.right)]
  if (ts.isConditionalExpression(node)) return [...literals(node.whenTrue), ...literals(node.whenFalse)]
  return []
}
