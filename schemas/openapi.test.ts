import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import test from 'ava'
import { openApiDocument } from './openapi.ts'
import { problemKind, problemKinds } from './problems.ts'

/** https://spec.openapis.org/oas/3.1/schema (OpenAPI Initiative, Apache-2.0). */
const published = JSON.parse(readFileSync(`${import.meta.dirname}/openapi-3.1.schema.json`, 'utf8'))
const document = JSON.parse(JSON.stringify(openApiDocument('1.0.0')))

test('the document is OpenAPI 3.1 by its published schema', t => {
  const check = new Ajv2020({ strict: false, validateFormats: false }).compile(published)
  t.true(check(document), JSON.stringify(check.errors))
  t.false(check({ ...document, paths: { 'no-slash': {} } }), 'the schema notices mistakes')
})

test('every schema is a valid one, and every reference leads somewhere', t => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  for (const schema of Object.values(document.components.schemas)) t.true(ajv.validateSchema(schema as object))
  for (const [, pointer] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const found = pointer.split('/').reduce((at, name) => at?.[name], document)
    t.not(found, undefined, pointer)
  }
})

test('operations have ids of their own, and the examples are valid requests', t => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false }).addSchema(document, 'api')
  const operations = Object.values(openApiDocument('1.0.0').paths).flatMap(byMethod => Object.values(byMethod))
  t.is(new Set(operations.map(one => one.operationId)).size, operations.length)
  for (const { operationId, requestBody } of operations) {
    for (const { schema, example } of Object.values(requestBody?.content ?? {})) {
      if (example === undefined) continue
      const rooted = JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"api#/components'))
      t.true(ajv.validate(rooted, example), operationId)
    }
  }
})

test('problems have a status of their class, words, and a waiting time where waiting helps', t => {
  for (const { code, status, title, remedy, retryAfterS } of problemKinds) {
    t.regex(code, /^[a-z_]+$/)
    t.true(status >= 400 && status < 600)
    t.true(title.length > 5 && remedy.length > 5)
    t.is(retryAfterS !== undefined, status === 429 || status === 503, code)
  }
  t.is(problemKind('no such code').code, 'unexpected')
})
