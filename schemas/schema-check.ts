import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import avsc from 'avsc'
import { messageOf, stop } from '../engine/errors.ts'

export interface SchemaVerdict {
  schema: string
  /** `incompatible` and `gone` break whoever has records of the older form. */
  verdict: 'same' | 'compatible' | 'incompatible' | 'new' | 'gone'
  detail: string
}

const here = fileURLToPath(new URL('.', import.meta.url))

/**
 * Whether this release can read what the last one wrote (backward compatibility, by Avro's schema resolution): the
 * schemas of `against`, which are those of the last release unless given, as writers; those of this release as readers.
 */
export function checkSchemas(against: string = join(here, 'released')): SchemaVerdict[] {
  const before = schemasIn(resolve(against))
  const after = schemasIn(here)
  const names = [...new Set([...before.keys(), ...after.keys()])].sort()
  return names.map(schema => ({ schema, ...compareSchemas(before.get(schema), after.get(schema)) }))
}

/** Two forms of one schema, as JSON: what was written with `before` is read with `after`. */
export function compareSchemas(before: string | undefined, after: string | undefined): Omit<SchemaVerdict, 'schema'> {
  if (before === undefined) return { verdict: 'new', detail: 'There was none of this name.' }
  if (after === undefined) return { verdict: 'gone', detail: 'What was written with it can no longer be read.' }
  try {
    if (isSame(before, after)) return { verdict: 'same', detail: '' }
    const reader = avsc.Type.forSchema(JSON.parse(after))
    reader.createResolver(avsc.Type.forSchema(JSON.parse(before)))
    return { verdict: 'compatible', detail: 'Records of the older form are read.' }
  } catch (error) {
    return {
      verdict: 'incompatible',
      detail: `${messageOf(error)}: give what is new a default, and keep names and types.`
    }
  }
}

const isSame = (before: string, after: string) =>
  JSON.stringify(JSON.parse(before)) === JSON.stringify(JSON.parse(after))

function schemasIn(directory: string): Map<string, string> {
  try {
    const files = readdirSync(directory).filter(file => file.endsWith('.avsc'))
    return new Map(files.map(file => [file.slice(0, -5), readFileSync(join(directory, file), 'utf8')]))
  } catch (error) {
    throw stop('schemas_unreadable', `The schemas in ${directory} cannot be read: check the path.`, error)
  }
}
