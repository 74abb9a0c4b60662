import { join } from 'node:path'
import test from 'ava'
import { problemKinds } from '../schemas/problems.ts'
import { errorGroups } from './error-catalogue.ts'
import { raisedCodes } from './error-codes.ts'
import { outdatedPages } from './reference-pages.ts'

const raised = raisedCodes(join(import.meta.dirname, '..'))
const ofApi = new Set(problemKinds.map(({ code }) => code))
const documented = errorGroups.flatMap(({ rows }) => Object.keys(rows))

test('the generated pages are current; else: npm run docs', t => {
  t.deepEqual(outdatedPages(), [])
})

test('every error code of the sources has a row in docs/error-catalogue.ts or schemas/problems.ts', t => {
  t.deepEqual(
    [...raised.keys()].filter(code => !ofApi.has(code) && !documented.includes(code)),
    []
  )
})

test('no row is left of an error code that is gone', t => {
  t.deepEqual(
    documented.filter(code => !raised.has(code)),
    []
  )
})

test('a code has one row', t => {
  t.deepEqual(
    documented.filter((code, i) => ofApi.has(code) || documented.indexOf(code) !== i),
    []
  )
})
