import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import test from 'ava'
import ts from 'typescript'

/** What a file must not contain; in sources outside comments, unless `alsoInComments`. `where` and `except` match its path. */
const forbidden: { what: string; where: RegExp; except?: RegExp; pattern: RegExp; alsoInComments?: true }[] = [
  { what: 'a clock in a processor', where: /^processors\//, pattern: /\bDate\b|\bperformance\b|\bhrtime\b/ },
  { what: 'chance in a processor', where: /^processors\//, pattern: /Math\.random|\bcrypto\b|randomUUID/ },
  { what: 'inexact maths in a processor', where: /^processors\//, pattern: /Math\.(exp|expm1|pow|log\w*)\b|\*\*/ },
  {
    what: 'waiting in a processor',
    where: /^processors\//,
    pattern: /\b(async|await|Promise|set(Timeout|Interval|Immediate))\b/
  },
  {
    what: 'input or output in a processor',
    where: /^processors\//,
    pattern: /from '(node:|[^.'])|\b(fetch|console)[.(]|\bprocess\./
  },
  { what: 'a bare Error', where: /\.ts$/, except: /^engine\/errors\.ts$/, pattern: /\bnew Error\(/ },
  {
    what: 'an error told by its message',
    where: /\.(ts|mjs)$/,
    pattern: /\.message(\.(includes|match|startsWith)\(| ===? )/
  },
  {
    what: 'an empty catch',
    where: /\.(ts|mjs)$/,
    pattern: /\bcatch\s*(\([^)]*\)\s*)?\{\s*\}|\.catch\(\s*\(?\w*\)?\s*=>\s*\{\s*\}/
  },
  {
    what: 'a name that says nothing',
    where: /\.(ts|mjs)$/,
    pattern: /\b(class|interface|type|function) \w*(Utils?|Helpers?|Manager)\b/
  },
  { what: 'a path of one machine', where: /./, pattern: /(?<![\w.-])\/(work|root|tmp)\// },
  {
    what: 'unfinished business',
    where: /./,
    except: /^deploy\/tap\.ts$/,
    pattern: /\b(TODO|FIXME|XXX)\b/,
    alsoInComments: true
  }
]

/** Lines above which a file or a function is thought about again. */
const fileLinesMax = (path: string) =>
  /^topologies\/[^/]+$/.test(path) ? 60 : path.startsWith('processors/') ? 150 : 300
const functionLinesMax = 60

/**
 * The ratchet: what is longer than that and has a reason to be. A number goes down when its subject shrinks, and a new
 * entry needs a word in the commit message. Files by path, functions by `path#name`.
 */
const allowances: Record<string, number> = {
  // One set of closures over one task: a class would only add names.
  'engine/testing/drive-processor.ts#driveProcessor': 90,
  // Columns of numbers with their codec, which belong together.
  'processors/companions.ts': 177,
  'processors/touches.ts': 158
}
const ratchetSlackLines = 20

const isTest = /(\.(test|bench|integration\.test)|-contract)\.ts$/
const skipped = ['node_modules', 'dist', '.git', '.millrace', 'millrace-data', 'data', 'package-lock.json', 'LICENSE']
const paths = globSync(['**/*.{ts,mjs,md,json,avsc,yml,yaml,html,css,sh,py}', '.ci/*', '.dependency-cruiser.mjs'], {
  cwd: import.meta.dirname,
  exclude: name => skipped.includes(basename(name))
}).sort()
const texts = new Map(paths.map(path => [path, readFileSync(`${import.meta.dirname}/${path}`, 'utf8')]))
const sources = paths.filter(path => path.endsWith('.ts'))
const product = sources.filter(path => !isTest.test(path))

test('there is something to look at', t => {
  t.true(sources.length > 0)
})

for (const { what, where, except, pattern, alsoInComments } of forbidden) {
  test(`no file contains ${what}`, t => {
    const looked = paths.filter(path => where.test(path) && !except?.test(path) && !isTest.test(path))
    t.deepEqual(
      looked.flatMap(path => linesWith(pattern, path, alsoInComments)),
      []
    )
  })
}

test('a file is named after what it is, in kebab-case', t => {
  const vague = /(^|\/)(utils?|helpers?|common|misc|types)(\/|\.\w+$)/
  const kebab = /^([a-z0-9-]+\/)*[a-z0-9]+(-[a-z0-9]+)*(\.(integration|test|bench|d))*\.ts$/
  t.deepEqual(
    sources.filter(path => vague.test(path) || !kebab.test(path)),
    []
  )
})

test('files and functions stay short, and allowances shrink with them', t => {
  const sizes = product.flatMap(path => [fileSize(path), ...functionSizes(path)])
  const tooLong = sizes.filter(({ name, lines, max }) => lines > Math.max(max, allowances[name] ?? 0))
  const stale = Object.entries(allowances).filter(([name, allowed]) => {
    const size = sizes.find(one => one.name === name)
    return size === undefined || size.lines <= size.max || size.lines < allowed - ratchetSlackLines
  })
  t.deepEqual(
    tooLong.map(({ name, lines, max }) => `${name} has ${lines} lines, think again above ${max}`),
    []
  )
  t.deepEqual(
    stale.map(([name]) => `lower or remove the allowance of ${name}`),
    []
  )
})

function linesWith(pattern: RegExp, path: string, alsoInComments = false): string[] {
  const isCode = /\.(ts|mjs)$/.test(path) && !alsoInComments
  const code = isCode ? withoutComments(textOf(path)) : textOf(path)
  return [...code.matchAll(new RegExp(pattern.source, 'g'))].map(({ index }) => {
    const line = code.slice(0, index).split('\n').length
    return `${path}:${line} ${textOf(path).split('\n')[line - 1].trim()}`
  })
}

/** Blanks comments, keeping line numbers. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, comment => comment.replace(/[^\n]/g, ' '))
}

function fileSize(path: string) {
  return { name: path, lines: textOf(path).trimEnd().split('\n').length, max: fileLinesMax(path) }
}

function functionSizes(path: string) {
  const sizes: { name: string; lines: number; max: number }[] = []
  const file = ts.createSourceFile(path, textOf(path), ts.ScriptTarget.Latest, true)
  const lineOf = (position: number) => file.getLineAndCharacterOfPosition(position).line
  const visit = (node: ts.Node) => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const lines = lineOf(node.end) - lineOf(node.getStart()) + 1
      if (lines > functionLinesMax) sizes.push({ name: `${path}#${nameOf(node)}`, lines, max: functionLinesMax })
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return sizes
}

function nameOf(node: ts.SignatureDeclaration): string {
  const named = node.name ?? (ts.isVariableDeclaration(node.parent) ? node.parent.name : undefined)
  return named?.getText() ?? 'anonymous'
}

function textOf(path: string): string {
  return texts.get(path) ?? ''
}
