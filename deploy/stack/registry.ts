import { join } from 'node:path'
import { stop } from '../../engine/errors.ts'
import { findJava } from './java.ts'
import { registryPath, serviceNamed } from './manifest.ts'
import { fetchRegistry, hasMaven, hasRegistry } from './packages.ts'
import type { Recipe } from './recipe.ts'

const javaMin = 21
const service = serviceNamed('registry')

export const registry: Recipe = {
  missing() {
    if (!findJava(javaMin)) {
      return `Install Java ${javaMin} or newer, or set JAVA_HOME to one: the registry needs it; Kafka does not.`
    }
    return hasRegistry() || hasMaven() ? undefined : 'Install Maven, which fetches the registry.'
  },

  async prepare({ folder, ports, say }) {
    if (!hasRegistry()) say('fetching the registry, 159 MB')
    const settings = {
      ...service.settings,
      // A small database of its own, so that it also runs without Kafka.
      'apicurio.storage.kind': 'sql',
      'apicurio.storage.sql.kind': 'h2',
      'apicurio.datasource.jdbc.initial-size': '2',
      'apicurio.datasource.jdbc.min-size': '2',
      'apicurio.datasource.jdbc.max-size': '10',
      'apicurio.datasource.url': `jdbc:h2:file:${join(folder, 'data', 'registry')}`,
      'quarkus.http.host': '127.0.0.1',
      'quarkus.http.port': String(ports.http),
      'quarkus.management.host': '127.0.0.1',
      'quarkus.management.port': String(ports.management)
    }
    const properties = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`)
    const args = [...(service.jvm ?? []), '-XX:+UseSerialGC', ...properties, '-jar', await fetchRegistry()]
    return { command: findJava(javaMin) as string, args }
  },

  /** Without it, nothing is checked when a schema is registered by another program. */
  async finish({ ports }) {
    const answer = await fetch(`http://127.0.0.1:${ports.http}${registryPath}/config`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ compatibility: 'BACKWARD' }),
      signal: AbortSignal.timeout(10_000)
    })
    if (answer.ok) return
    throw stop('stack_service_failed', `The registry does not take its configuration (HTTP ${answer.status}).`)
  }
}
