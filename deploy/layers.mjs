/** Checks who imports whom (.dependency-cruiser.mjs) and fails when nothing was looked at: a rule without files holds always. */
import { existsSync, globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { cruise, format } from 'dependency-cruiser'
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config'
import rules, { layers } from '../.dependency-cruiser.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const folders = layers.filter(layer => existsSync(layer))
const { output } = await cruise(folders, { ...rules.options, ruleSet: rules, validate: true }, undefined, {
  tsConfig: extractTSConfig('tsconfig.json')
})
const modulesSeen = output.modules.filter(
  ({ source }) => source.endsWith('.ts') && !source.includes('node_modules')
).length

const strangers = globSync('*/**/*.ts', { exclude: name => name === 'node_modules' || name === 'dist' })
  .map(path => path.split('/')[0])
  .filter((folder, index, all) => !layers.includes(folder) && all.indexOf(folder) === index)

console.log((await format(output, { outputType: 'err' })).output.trim())
if (modulesSeen === 0) console.log('no module was seen: is TypeScript newer than dependency-cruiser knows?')
if (strangers.length > 0) console.log(`no rule for ${strangers.join(', ')}: name the folder in .dependency-cruiser.mjs`)
console.log(`${modulesSeen} modules of ${folders.length} layers`)
process.exitCode = modulesSeen === 0 || strangers.length > 0 || output.summary.error > 0 ? 1 : 0
