import type { JsonSchema } from '../../schemas/http-schemas.ts'
import type { OpenApiDocument } from '../../schemas/openapi.ts'
import type { Operation, Parameter } from '../../schemas/openapi-paths.ts'
import { closeKinds, problemKinds } from '../../schemas/problems.ts'

/** One page of plain HTML for people: every operation with its fields and a call to paste, and every error. */
export function docsPage(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation }))
  )
  const sections = document.tags.map(
    tag =>
      `<h2 id="${tag.name}">${text(tag.description)}</h2>${operations
        .filter(({ operation }) => operation.tags.includes(tag.name))
        .map(operationSection)
        .join('')}`
  )
  const contents = operations
    .map(
      ({ path, method, operation }) => `<li><a href="#${operation.operationId}"><b>${method}</b> ${text(path)}</a></li>`
    )
    .join('')
  const schemas = Object.entries(document.components.schemas)
    .map(([name, schema]) => `<section id="schema-${name}"><h3>${name}</h3>${schemaTable(schema)}</section>`)
    .join('')
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${text(document.info.title)} API</title><style>${style}</style></head><body><main>
<h1>${text(document.info.title)} API <small>${text(document.info.version)}</small></h1><p>${inline(document.info.description)}</p>
<p>The same as a document for programs: <a href="/openapi.json">/openapi.json</a>.</p>
<nav aria-label="Operations"><ul>${contents}</ul></nav>${sections.join('')}
<h2 id="shapes">Shapes</h2>${schemas}
<h2 id="errors">Errors</h2><p>All are <code>application/problem+json</code> with these <code>code</code>s.</p>${errorTable()}
<h2 id="close-codes">Close codes of the WebSocket</h2>${closeTable()}
</main></body></html>`
}

function operationSection({ path, method, operation }: { path: string; method: string; operation: Operation }): string {
  const content = Object.entries(operation.requestBody?.content ?? {})
  const bodies = content.map(([type, { schema }]) => `<p>Body <code>${type}</code>: ${typeOf(schema)}</p>`).join('')
  const success = Object.keys(operation.responses).find(status => status.startsWith('2')) ?? ''
  return `<section id="${operation.operationId}"><h3><b>${method}</b> ${text(path)}</h3><p>${text(operation.summary)}.
${inline(operation.description ?? '')} Scope: <code>${text(scopeOf(operation))}</code>.</p>
${parameterTable(operation.parameters ?? [])}${bodies}<pre>${text(curl(path, method, operation))}</pre>
<p>Answers ${success}: ${answerType(operation, success)}</p></section>`
}

function scopeOf(operation: Operation): string {
  const [first] = (operation.security ?? []) as Record<string, string[]>[]
  return first?.bearer.join(' ') ?? ''
}

function answerType(operation: Operation, status: string): string {
  const response = operation.responses[status] as { content?: Record<string, { schema: JsonSchema }> }
  return Object.entries(response?.content ?? {})
    .map(([type, { schema }]) => `${typeOf(schema)} as <code>${type}</code>`)
    .join(', ')
}

function curl(path: string, method: string, operation: Operation): string {
  const url = `http://localhost:8080${path.replace('{id}', path.includes('users') ? 'u_123' : 'sku_789')}`
  if (method === 'GET')
    return path === '/v1/recommendations' ? `curl '${url}?surface=home&user_id=u_123'` : `curl ${url}`
  const example = operation.requestBody?.content['application/json']?.example ?? []
  return `curl -X ${method} ${url} \\\n  -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(example)}'`
}

function parameterTable(parameters: readonly Parameter[]): string {
  const rows = parameters.map(one => {
    const about = `${one.required ? 'Required. ' : ''}${one.description ?? ''}`
    return fieldRow(`${one.name}${one.in === 'query' ? '' : ` (${one.in})`}`, one.schema, about)
  })
  return table(['parameter', 'type', 'about'], rows)
}

function schemaTable(schema: JsonSchema): string {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>)
  const required = new Set((schema.required ?? []) as string[])
  const rows = properties.map(([name, one]) => fieldRow(name, one, required.has(name) ? 'Required.' : ''))
  return `<p>${inline(String(schema.description ?? ''))}</p>${table(['field', 'type', 'about'], rows)}`
}

function fieldRow(name: string, schema: JsonSchema, about: string): string[] {
  return [`<code>${text(name)}</code>`, typeOf(schema), inline(`${about} ${schema.description ?? ''}`.trim())]
}

function typeOf(schema: JsonSchema): string {
  if (typeof schema.$ref === 'string') {
    const name = schema.$ref.split('/').at(-1) ?? ''
    return `<a href="#schema-${name}">${name}</a>`
  }
  if (Array.isArray(schema.anyOf)) return schema.anyOf.map(typeOf).join(' or ')
  if (Array.isArray(schema.enum)) return schema.enum.map(one => `<code>${text(String(one))}</code>`).join(', ')
  if (schema.const !== undefined) return `<code>${text(String(schema.const))}</code>`
  const bounds = [
    schema.minimum === undefined ? '' : ` ≥ ${schema.minimum}`,
    schema.maximum === undefined ? '' : ` ≤ ${schema.maximum}`,
    schema.maxItems === undefined ? '' : ` ≤ ${schema.maxItems}`,
    schema.default === undefined ? '' : ` (${schema.default})`
  ].join('')
  if (schema.type === 'array') return `list of ${typeOf(schema.items as JsonSchema)}${bounds}`
  return `${text(schema.type === undefined ? 'any' : [schema.type].flat().join(' or '))}${bounds}`
}

function errorTable(): string {
  const rows = problemKinds.map(({ code, status, title, remedy }) => [
    `<code id="${code}">${code}</code>`,
    String(status),
    inline(`${title}. ${remedy}`)
  ])
  return table(['code', 'status', 'what to do'], rows)
}

function closeTable(): string {
  const rows = Object.values(closeKinds).map(kind => [String(kind.code), inline(`${kind.title}. ${kind.remedy}`)])
  return table(['code', 'what to do'], rows)
}

function table(heads: readonly string[], rows: readonly string[][]): string {
  if (rows.length === 0) return ''
  const head = heads.map(one => `<th scope="col">${one}</th>`).join('')
  const body = rows.map(row => `<tr>${row.map(cell => `<td>${cell}</td>`).join('')}</tr>`).join('')
  return `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`
}

/** Text with `code` in it. */
function inline(markdown: string): string {
  return text(markdown).replace(/`([^`]+)`/g, '<code>$1</code>')
}

function text(raw: string): string {
  return raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

const style = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:0}main{max-width:60rem;margin:auto;padding:1rem}
h3{overflow-wrap:anywhere;border-top:1px solid #8886;padding-top:1rem}nav ul{columns:20rem;padding:0;list-style:none}a{overflow-wrap:anywhere}
nav a{display:inline-block;padding:.3rem 0}code,pre{font:.9em ui-monospace,monospace;overflow-wrap:anywhere}pre{background:#8882;padding:.7rem;white-space:pre-wrap}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.3rem .5rem;border-bottom:1px solid #8884}`
