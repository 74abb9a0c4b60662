import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import avsc from 'avsc'
import { registry as recipe } from '../../deploy/stack/registry.ts'
import { Stack } from '../../deploy/stack/stack.ts'
import { codeOf } from '../../engine/errors.ts'
import { avroCodec, schemaText } from '../../schemas/avro.ts'
import { anyAvro } from '../../schemas/avro-any.ts'
import { runMillrace } from '../../serve/testing/run-millrace.ts'
import { RegistryClient } from './registry-client.ts'
import { RegistryIds } from './registry-ids.ts'

/** Against the real registry; each test has subjects of its own. */

const folder = mkdtempSync(join(tmpdir(), 'millrace-apicurio-'))
const stack = new Stack(join(folder, 'stack'))
const portBase = 20_500 + (process.pid % 10_000)
const missing = recipe.missing()
let url = ''
let runs = 0

if (missing === undefined) {
  test.before(async t => {
    t.timeout(240_000)
    const [{ state, address, detail }] = await stack.up({ names: ['registry'], portBase, onProgress: () => undefined })
    if (state !== 'ready' || address === null) throw new Error(detail)
    url = address
  })
}
test.after.always(async () => {
  await stack.down({ names: [], wipe: true })
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

const story = missing === undefined ? test : test.skip
const title = (text: string) => (missing === undefined ? text : `${text} (skipped: ${missing})`)
const subjectFor = (schema: string) => ({ subject: `${schema}-${runs++}-value`, schema })
const open = (subjects: { subject: string; schema: string }[]) => RegistryIds.open({ registry: { url }, subjects })

story(title('values are written under ids of the registry and read by other processes'), async t => {
  const subjects = [subjectFor('merge'), subjectFor('merge'), subjectFor('basket')]
  const [writer, reader] = [await open(subjects), await open(subjects)]
  const bytes = avroCodec<object>('merge', writer).encode({ user_id: 'u1', ts: 5 })
  t.deepEqual({ ...avroCodec<object>('merge', reader).decode(bytes) }, { user_id: 'u1', ts: 5 })
  t.not(writer.idOf('merge'), writer.idOf('basket'))
})

story(title('what an older release wrote is read with what is new at its default'), async t => {
  const subject = subjectFor('merge')
  const older = {
    type: 'record',
    name: 'Merge',
    namespace: 'millrace',
    fields: [
      { name: 'user_id', type: 'string' },
      { name: 'ts', type: 'long' },
      { name: 'why', type: 'string' }
    ]
  }
  const id = await new RegistryClient({ url }).register(subject.subject, JSON.stringify(older))
  const body = avsc.Type.forSchema(older as avsc.Schema).toBuffer({ user_id: 'u1', ts: 7, why: 'x' })
  const header = Buffer.alloc(5)
  header.writeUInt32BE(id, 1)
  const ids = await open([subject])
  t.not(ids.idOf('merge'), id)
  t.deepEqual({ ...avroCodec<object>('merge', ids).decode(Buffer.concat([header, body])) }, { user_id: 'u1', ts: 7 })
  await ids.close()
})

story(title('a schema that cannot read what is there is refused, by us and by the registry'), async t => {
  const subject = subjectFor('merge')
  const client = new RegistryClient({ url })
  const strange = JSON.stringify({ type: 'record', name: 'Merge', namespace: 'millrace', fields: [] })
  await client.register(subject.subject, strange)
  t.is(codeOf(await t.throwsAsync(open([subject]))), 'schema_incompatible')
  t.is(codeOf(await t.throwsAsync(client.register(subject.subject, schemaText('merge')))), 'schema_incompatible')
})

story(title('whole numbers beyond 2^53 in other people’s schemas survive'), async t => {
  const client = new RegistryClient({ url })
  const subject = subjectFor('merge')
  const row = { type: 'record', name: 'Row', fields: [{ name: 'id', type: 'long' }] }
  const id = await client.register(`rows-${subject.subject}`, JSON.stringify(row))
  const header = Buffer.alloc(5)
  header.writeUInt32BE(id, 1)
  const ids = await open([subject])
  // 2^53 + 1 as a zigzag varint.
  const bytes = Buffer.concat([header, Buffer.from('8280808080808020', 'hex')])
  t.deepEqual({ ...(anyAvro(ids).decode(bytes) as object) }, { id: 9_007_199_254_740_993n })
  await ids.close()
})

story(title('an id that the registry does not have is a dead letter'), async t => {
  const ids = await open([subjectFor('merge')])
  t.is(codeOf(t.throws(() => avroCodec('merge', ids).decode(Buffer.from('00000f423f', 'hex')))), 'unknown_schema_id')
  await ids.close()
})

story(title('schema register registers what is not there, and schema check finds what cannot be read'), async t => {
  const namespace = `check${runs++}`
  const env = { MILLRACE_NAMESPACE: namespace }
  const run = (...args: string[]) => runMillrace(['schema', ...args, '--registry', url, '--json'], { cwd: folder, env })
  const verdictOf = (stdout: string, subject: string) =>
    JSON.parse(stdout).find((one: { subject: string }) => one.subject === subject)
  const name = `${namespace}.baskets.v1-value`
  t.is(verdictOf((await run('check')).stdout, name).verdict, 'new')
  const registered = await run('register')
  t.is(registered.code, 0)
  t.true(verdictOf(registered.stdout, name).id > 0)
  t.is(verdictOf((await run('check')).stdout, name).verdict, 'same')

  const strange = { type: 'record', name: 'Identity', namespace: 'millrace', fields: [] }
  await fetch(`${url}/config/${namespace}.identities.v1-value`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ compatibility: 'NONE' })
  })
  await new RegistryClient({ url }).register(`${namespace}.identities.v1-value`, JSON.stringify(strange))
  const check = await run('check')
  t.is(check.code, 3)
  t.is(verdictOf(check.stdout, `${namespace}.identities.v1-value`).verdict, 'incompatible')
  const refused = await run('register')
  t.is(refused.code, 3)
  t.is(verdictOf(refused.stdout, name).id, null)
})
