import { readFileSync } from 'node:fs'
import test from 'ava'
import { findJava } from './java.ts'
import { kafkaJars, portsFrom, serviceNamed, services } from './manifest.ts'

test('ports are the well-known ones, or stand in a row', t => {
  t.deepEqual(portsFrom(undefined), {
    kafka: { client: 9092, controller: 9093 },
    registry: { http: 8081, management: 9081 },
    redis: { client: 6379 }
  })
  t.deepEqual(portsFrom(19000), {
    kafka: { client: 19000, controller: 19001 },
    registry: { http: 19002, management: 19003 },
    redis: { client: 19004 }
  })
})

test('no two servers want the same port, and each says by which it is asked whether it is ready', t => {
  const ports = services.flatMap(({ ports }) => Object.values(ports))
  t.is(new Set(ports).size, ports.length)
  for (const { health, ports } of services) t.true(health.port in ports)
})

test('images and versions are exact and the same', t => {
  for (const { image, version } of services) {
    t.regex(version, /^\d+\.\d+\.\d+$/)
    t.regex(image.split(':')[1], new RegExp(`^${version.replaceAll('.', '[.]')}(-[a-z]+)?$`))
  }
  t.true(
    kafkaJars
      .filter(jar => jar.startsWith('org.apache.kafka:'))
      .every(jar => jar.endsWith(serviceNamed('kafka').version))
  )
})

test('tests of the Kafka client run on the same jars, so that they share what was fetched', t => {
  const pom = readFileSync(new URL('../../connectors/kafka/testing/pom.xml', import.meta.url), 'utf8')
  const properties = new Map([...pom.matchAll(/<(\w+\.version)>([^<]+)</g)].map(([, name, value]) => [name, value]))
  const dependencies = [
    ...pom.matchAll(/<groupId>([^<]+)<\/groupId><artifactId>([^<]+)<\/artifactId><version>\$\{([^}]+)/g)
  ]
  t.deepEqual(
    dependencies.map(([, group, artifact, version]) => `${group}:${artifact}:${properties.get(version)}`),
    [...kafkaJars]
  )
})

test('a Java that nobody has is not found', t => {
  t.is(findJava(1000), undefined)
})
