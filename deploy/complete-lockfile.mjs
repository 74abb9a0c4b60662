/**
 * Completes package-lock.json with the platform packages that npm left out: `node deploy/complete-lockfile.mjs`, after
 * `npm install NAME`.
 *
 * npm drops an optional package that its registry cannot describe (a mirror may hold those of one platform only), and
 * then `npm ci` refuses the lockfile everywhere. The exact versions are known from the package that asks for them.
 */
import { readFileSync, writeFileSync } from 'node:fs'

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64']

const file = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(file, 'utf8'))

const missing = Object.entries(lock.packages).flatMap(([parent, pkg]) =>
  Object.entries(pkg.optionalDependencies ?? {})
    .map(([name, version]) => ({ name, path: `node_modules/${name}`, version, pkg, parent }))
    .filter(({ version }) => /^\d+\.\d+\.\d+$/.test(version))
    .filter(({ path }) => !(path in lock.packages) && !(`${parent}/${path}` in lock.packages))
)
for (const one of missing) lock.packages[one.path] = platformEntry(one)

const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'))
writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`)
for (const { name, version } of missing) console.log(`added ${name}@${version}`)
console.log(`${missing.length} platform packages added`)

function platformEntry({ name, version, pkg }) {
  const words = name.split('/').at(-1).split('-')
  const os = systems.filter(word => words.includes(word))
  const cpu = processors.filter(word => words.includes(word))
  return {
    version,
    ...(cpu.length > 0 && { cpu }),
    ...(pkg.dev && { dev: true }),
    license: pkg.license,
    optional: true,
    ...(os.length > 0 && { os })
  }
}
