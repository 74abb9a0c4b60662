import { outdatedPages, writePages } from './reference-pages.ts'

/** `npm run docs` writes the generated pages; `--check` only says which are not current, with exit code 1. */

if (process.argv.includes('--check')) {
  const outdated = outdatedPages()
  if (outdated.length > 0) {
    console.error(`not current: ${outdated.map(name => `docs/reference/${name}`).join(', ')}; run npm run docs`)
    process.exitCode = 1
  }
} else {
  writePages()
}
