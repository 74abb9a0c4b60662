/**
 * Who may import whom. Types count as much as values. Checked by `npm run check` (deploy/layers.mjs).
 *
 * A rule says what a layer may import of ours; whatever it does not name is forbidden. Tests, benchmarks and the
 * composition roots (main.ts, compose-*.ts, and the entry file of a worker thread) see everything.
 */
export const layers = [
  'engine',
  'schemas',
  'recommend',
  'processors',
  'topologies',
  'connectors',
  'serve',
  'reprocess',
  'deploy',
  'docs'
]

const errors = '^engine/errors[.]ts$'
/** Records, keys, codecs and topics: what a layer needs to speak of the stream without running it. */
const vocabulary = '^engine/(record|codec|bytes|recurring-text|time|topic|errors)[.]ts$'
const ports = [
  '^engine/log/log[.]ts$',
  '^engine/log/partition-of[.]ts$',
  '^engine/stores/state-store[.]ts$',
  '^engine/faults[.]ts$',
  '^engine/ports/'
]
/** How a view's row is keyed, and what a change of one is: serving reads what streams have written. */
const views = ['^engine/task/views[.]ts$']

const mayImport = {
  engine: [],
  schemas: [vocabulary],
  recommend: ['^schemas/', errors],
  processors: ['^engine/', '^schemas/', '^recommend/'],
  topologies: ['^processors/', '^recommend/', '^schemas/', '^engine/'],
  connectors: [vocabulary, ...ports, '^schemas/'],
  serve: ['^recommend/', '^schemas/', vocabulary, ...ports, ...views],
  reprocess: ['^topologies/', '^recommend/', '^schemas/', '^engine/'],
  deploy: [errors]
}

/** A third-party library has one door: behind it stands a port of ours, so that it can be replaced in one place. */
const doors = [
  { library: '@nxtedition/rocksdb', door: '^engine/stores/rocksdb', why: 'the StateStore port hides RocksDB' },
  { library: '@platformatic/kafka', door: '^connectors/kafka/', why: 'the ports of the log hide the client' },
  { library: 'ws', door: '^serve/transport/', why: 'the transport port hides the server' },
  { library: 'avsc', door: '^schemas/', why: 'a schema is parsed where it is defined' },
  { library: 'prom-client', door: '^serve/metrics[^/]*[.]ts$', why: 'metrics are named in one file' },
  { library: 'commander', door: '^serve/(cli/|main[.]ts$)', why: 'the command line is one place' },
  { library: 'ioredis', door: '^connectors/redis/', why: 'the mirror of features hides Redis' },
  { library: 'hnswlib-node', door: '^serve/vectors/hnsw-library[.]ts$', why: 'vectors are found without it, too' },
  { library: 'ajv(-formats)?', door: '^serve/', why: 'requests are validated at the rim' }
]

const tests = '(([.](test|bench)|-contract)[.]ts$|^(serve|topologies|connectors/kafka)/testing/)'
const roots = '(^|/)(main|compose-[a-z-]+|[a-z0-9-]+-thread)[.]ts$'
const generator = '^docs/'

const layerRules = Object.entries(mayImport).map(([layer, allowed]) => ({
  name: `${layer}-imports-only-what-it-may`,
  comment: `${layer}/ may import of ours: itself${allowed.map(path => `, ${path}`).join('')}`,
  severity: 'error',
  from: { path: `^${layer}/`, pathNot: [tests, roots] },
  to: { path: `^(${layers.join('|')})/`, pathNot: [`^${layer}/`, ...allowed] }
}))

const doorRules = doors.map(({ library, door, why }) => ({
  name: `${library.replace(/[^a-z-]/g, '')}-has-one-door`,
  comment: `${library} is imported only in ${door}: ${why}`,
  severity: 'error',
  from: { path: `^(${layers.join('|')})/`, pathNot: [door, tests] },
  to: { path: `(^|node_modules/)${library}($|/)` }
}))

export default {
  forbidden: [
    ...layerRules,
    ...doorRules,
    {
      name: 'node-http-has-one-door',
      comment: 'the transport port hides the server',
      severity: 'error',
      from: { path: `^(${layers.join('|')})/`, pathNot: ['^serve/transport/', tests] },
      to: { path: '^(node:)?(http|http2|https)$', dependencyTypes: ['core'] }
    },
    {
      name: 'processors-do-no-input-or-output',
      comment: 'a processor sees its record and its state, nothing else',
      severity: 'error',
      from: { path: '^(processors|recommend)/', pathNot: [tests] },
      to: { dependencyTypes: ['core', 'npm'] }
    },
    {
      name: 'csv-parse-has-one-door',
      comment: 'input files are read in one folder',
      severity: 'error',
      from: { path: `^(${layers.join('|')})/`, pathNot: ['^connectors/files/', tests] },
      to: { path: '(^|node_modules/)csv-parse($|/)' }
    },
    {
      name: 'nobody-imports-a-composition-root',
      comment: 'a main.ts wires a process; what others need of it has a file of its own',
      severity: 'error',
      from: { path: `^(${layers.join('|')})/`, pathNot: [tests] },
      to: { path: '(^|/)main[.]ts$' }
    },
    {
      name: 'no-tests-in-the-product',
      comment: 'a test file is imported by nobody but tests',
      severity: 'error',
      from: { path: `^(${layers.join('|')})/`, pathNot: [tests] },
      to: { path: '[.](test|bench)[.]ts$' }
    },
    {
      name: 'no-circles',
      comment: 'files that import each other in a circle are one file or need a third (types alone may)',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } }
    },
    {
      name: 'everything-resolves',
      comment: 'an import that leads nowhere',
      severity: 'error',
      from: { path: `^(${layers.join('|')})/` },
      to: { couldNotResolve: true }
    },
    {
      name: 'declared-packages-only',
      comment: 'a package that package.json does not name, or names for development only',
      severity: 'error',
      from: { path: '[.]ts$', pathNot: [tests, generator] },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'], dependencyTypesNot: ['type-only'] }
    }
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/|(^|/)node_modules/[.]node/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] }
  }
}
