import { surfaces } from './http.ts'
import { componentSchemas, type JsonSchema, ref, type SchemaName } from './http-schemas.ts'
import { type Operation, openApiPaths } from './openapi-paths.ts'
import { closeKinds, problemKinds } from './problems.ts'

export interface OpenApiDocument {
  openapi: '3.1.0'
  info: { title: string; version: string; description: string; license: { name: string; identifier: string } }
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<SchemaName, JsonSchema>; responses: object; headers: object; securitySchemes: object }
  tags: { name: string; description: string }[]
  security: unknown[]
}

const problemHeaders = { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } }

function problemResponses() {
  const statuses = [...new Set(problemKinds.map(kind => kind.status))].sort((a, b) => a - b)
  return Object.fromEntries(
    statuses.map(status => {
      const kinds = problemKinds.filter(kind => kind.status === status)
      const retry = kinds.some(kind => kind.retryAfterS !== undefined)
      const headers = retry ? { ...problemHeaders, 'Retry-After': { schema: { type: 'integer' } } } : problemHeaders
      const description = kinds.map(kind => `\`${kind.code}\`: ${kind.title}. ${kind.remedy}`).join('\n\n')
      return [status, { description, headers, content: { 'application/problem+json': { schema: ref('Problem') } } }]
    })
  )
}

const about = `Recommendations that are right as of the last event. Surfaces: ${surfaces.join(', ')}. WebSocket at \`/v1/ws\`; its close codes: ${Object.values(
  closeKinds
)
  .map(kind => `${kind.code} ${kind.title}`)
  .join('; ')}.`

/** The document that is served at `/openapi.json` and that requests are validated against. */
export function openApiDocument(version: string): OpenApiDocument {
  return {
    openapi: '3.1.0',
    info: { title: 'Millrace', version, description: about, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    tags: [
      { name: 'privacy', description: 'Forgetting people.' },
      { name: 'writes', description: 'What goes in' },
      { name: 'answers', description: 'What comes out' },
      { name: 'features', description: 'What is known' }
    ],
    security: [{ bearer: [] }, { apiKey: [] }],
    paths: openApiPaths(),
    components: {
      schemas: componentSchemas,
      responses: problemResponses(),
      headers: {
        'X-Request-Id': { schema: { type: 'string' } },
        'Server-Timing': { schema: { type: 'string' }, description: 'Milliseconds per stage.' }
      },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API key or a signed token.' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' }
      }
    }
  }
}
