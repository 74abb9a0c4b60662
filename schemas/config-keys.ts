import {
  apiKeys,
  choice,
  columnNames,
  integer,
  type Key,
  perSecond,
  secret,
  servers,
  span,
  text,
  texts,
  url,
  yesOrNo
} from './config-kinds.ts'

/** Every configuration key there is: what changes how Millrace runs, never what it answers (that is code). */

const word = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/
const host = /^[A-Za-z0-9.:_[\]-]+$/
const port = (initial: number, what: string) =>
  integer(initial, { min: 0, max: 65_535, meaning: `${what}; 0 takes any free one.` })

const mapped = (what: string, ours: readonly string[]) => ({
  columns: columnNames(ours, {
    meaning: `Names of columns in files of ${what} that are loaded, where they differ from ours.`
  })
})

const file = (meaning: string) => text('', { pattern: /^/, what: 'a path', meaning })

const kafka = {
  brokers: servers(['127.0.0.1:9092'], { meaning: 'Brokers to ask first, as host:port; the others are learnt.' }),
  client_id: text('millrace', {
    pattern: word,
    what: 'a word of letters, digits, _ and -',
    meaning: 'How this program is called in logs, metrics and quotas of the brokers.'
  }),
  partitions: integer(4, {
    min: 1,
    max: 256,
    meaning: 'Partitions of topics that are made: at most so many threads share the work. Fixed once they are there.'
  }),
  replication_factor: integer(0, {
    min: 0,
    max: 15,
    meaning: 'Copies of topics that are made; 0 takes the default of the brokers.'
  }),
  compression: choice<'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'>('none', ['none', 'gzip', 'snappy', 'lz4', 'zstd'], {
    meaning: 'How batches are packed that this process writes: less network and disk for more CPU. Every kind is read.'
  }),
  ssl: {
    enabled: yesOrNo(false, { meaning: 'Speak TLS with the brokers.' }),
    ca_file: file('Certificates (PEM) of the authorities that sign the brokers’; empty takes those of the system.'),
    cert_file: file('Certificate (PEM) of this program, where brokers ask for one.'),
    key_file: file('Its private key (PEM).')
  },
  sasl: {
    mechanism: choice<'none' | 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'>(
      'none',
      ['none', 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'],
      { meaning: 'How this program says who it is; PLAIN sends the password as it is, so only with ssl.' }
    ),
    username: text('', { pattern: /^/, what: 'a text', meaning: 'Who it is.' }),
    password: secret({ meaning: 'Its password.' })
  }
}

const registry = {
  url: url(['http', 'https'], {
    meaning: 'Schema registry with the Confluent API; empty: schema ids are those of this release.'
  }),
  username: text('', { pattern: /^/, what: 'a text', meaning: 'Who asks the registry, where it wants to know.' }),
  password: secret({ meaning: 'Its password.' }),
  register: yesOrNo(true, {
    meaning: 'Register schemas that the registry does not have; false where somebody else does that.'
  })
}

const redis = {
  url: url(['redis', 'rediss'], {
    meaning: 'Redis that features of users and items are mirrored to; empty: they are not.'
  }),
  ttl_s: integer(0, {
    min: 0,
    unit: 's',
    meaning: 'Features that have not changed for this long leave Redis; 0 keeps them.'
  })
}

const embeddings = {
  url: url(['http', 'https'], {
    meaning:
      'The shop’s own embedding service, with the embeddings API of OpenAI, such as http://127.0.0.1:11434/v1/embeddings; empty: products are described by the terms of their texts.'
  }),
  model: text('', { pattern: /^/, what: 'a text', meaning: 'Which of its models to ask for.' }),
  api_key: secret({ meaning: 'Sent to it as a bearer token.' }),
  timeout_ms: integer(10_000, {
    min: 100,
    max: 600_000,
    unit: 'ms',
    meaning: 'How long one request of up to 64 products may take.'
  })
}

export const configKeys = {
  log: choice<'embedded' | 'kafka'>('embedded', ['embedded', 'kafka'], {
    meaning:
      'Where records are kept: a directory of this machine, used by one process; or Kafka, for any number of processes.'
  }),
  namespace: text('millrace', {
    pattern: word,
    what: 'a word of letters, digits, _ and -',
    meaning: 'Prefix of the names of views and internal topics.'
  }),
  data_dir: text('./millrace-data', {
    pattern: /./,
    what: 'a path',
    meaning: 'Directory of the log and the state; relative to the working directory.'
  }),
  embedded: {
    partitions: integer(4, {
      min: 1,
      max: 256,
      meaning: 'Partitions of a topic. Fixed when the data directory is made.'
    }),
    fsync_interval_ms: integer(1000, {
      min: 0,
      unit: 'ms',
      meaning:
        'A power loss costs at most the commits of this time (a kill costs nothing); 0 waits for the disk at each.'
    })
  },
  kafka,
  registry,
  redis,
  embeddings,
  http: {
    port: port(8080, 'Port of the public API'),
    host: text('127.0.0.1', {
      pattern: host,
      what: 'a host name or an address',
      meaning: 'Address the public API listens on; any but loopback needs api_keys, or insecure.'
    }),
    cors_origins: texts({ meaning: 'Origins of web pages that may call, such as https://shop.example; * is any.' }),
    rate_limits: {
      key_per_s: perSecond(5_000, 'with one of api_keys'),
      token_per_s: perSecond(20, 'with one browser token'),
      address_per_s: perSecond(0, 'from one address without a key or token, or with a wrong one')
    }
  },
  serve: {
    transport: choice<'node' | 'uws'>('node', ['node', 'uws'], {
      meaning:
        'What the public API is served with: Node’s own HTTP server, or uWebSockets.js, which is installed beside Millrace (docs/operating.md).'
    })
  },
  admin: {
    port: port(9090, 'Port of health, metrics and the commands'),
    host: text('127.0.0.1', {
      pattern: host,
      what: 'a host name or an address',
      meaning: 'Address the admin port listens on; commands are answered on loopback only, unless api_keys are set.'
    })
  },
  stream: {
    processing_guarantee: choice<'exactly_once' | 'at_least_once'>('exactly_once', ['exactly_once', 'at_least_once'], {
      meaning:
        'On Kafka: exactly_once commits outputs, state and positions as one transaction; at_least_once writes them one after the other, and after a crash up to a unit of work comes again and counts again. The embedded log is always exactly once.'
    }),
    commit_interval_ms: integer(50, {
      min: 1,
      max: 60_000,
      unit: 'ms',
      meaning: 'How long records may be processed before they are committed and seen.'
    }),
    catch_up_interval_ms: integer(1000, {
      min: 1,
      max: 60_000,
      unit: 'ms',
      meaning: 'The same while far behind: longer units write a busy key once for many records.'
    }),
    max_task_idle_ms: integer(100, {
      min: 0,
      max: 60_000,
      unit: 'ms',
      meaning:
        'On Kafka: how long a task’s other inputs wait for one whose records are there but have not arrived, so that records are taken in the order of their times; 0 never waits.'
    }),
    threads: integer(1, {
      min: 1,
      max: 64,
      meaning: 'Threads of a stream process on Kafka; each is a member of the group with state of its own.'
    }),
    standbys: integer(1, {
      min: 0,
      max: 8,
      meaning: 'Further workers on Kafka that keep a copy of each task’s state, so that one of them takes over at once.'
    }),
    session_timeout_ms: integer(30_000, {
      min: 6_000,
      max: 1_800_000,
      unit: 'ms',
      meaning: 'How long a worker may be silent, or gone for a restart, before others take over its tasks.'
    }),
    name: text('', {
      pattern: /^([A-Za-z0-9][A-Za-z0-9._-]{0,62})?$/,
      what: 'a name of letters, digits, dots, - and _',
      meaning: 'Name of the worker, kept in data_dir from its first start on; empty takes that of the host.'
    }),
    memory_max_mb: integer(512, {
      min: 256,
      unit: 'MB',
      meaning: 'Heaps, decoded state, memtables and block caches together; the parts are printed at the start.'
    })
  },
  retrieval: {
    profile: choice<'fast' | 'full'>('fast', ['fast', 'full'], {
      meaning:
        'How much of the session index an answer reads; full costs about a third more and helps shops with few, hot items.'
    })
  },
  purchase_source: choice<'auto' | 'orders' | 'events'>('auto', ['auto', 'orders', 'events'], {
    meaning:
      'Which of them feeds popularity, baskets and bought items; auto: events until that table is fed for the first time, then orders.'
  }),
  consent: {
    default: choice<'denied' | 'granted'>('denied', ['denied', 'granted'], {
      meaning: 'Whether people whose consent is not known are personalised beyond their session.'
    })
  },
  events: {
    max_age: span('2y', {
      meaning: 'Older live events are refused as ts_too_old; loads accept any past.'
    })
  },
  api_keys: apiKeys({ meaning: 'Who may call, and what for; without keys only loopback is answered.' }),
  tables: {
    users: mapped('users', ['user_id', 'name', 'country', 'preferences', 'consent_personalization', 'updated_at']),
    products: mapped('products', [
      'product_id',
      'title',
      'description',
      'category',
      'brand',
      'attributes',
      'price',
      'stock',
      'image_url',
      'group_id',
      'currency',
      'active',
      'available_in',
      'available_from',
      'available_until',
      'created_at',
      'updated_at'
    ]),
    orders: mapped('orders', ['order_id', 'user_id', 'order_ts', 'total', 'status']),
    'order-items': mapped('order items', ['order_id', 'product_id', 'qty', 'price', 'returned_qty', 'deleted'])
  },
  sensitive_categories: texts({
    meaning: 'Category paths that appear in no reason, no e-mail and in nobody else’s list.'
  }),
  excluded_ids: texts({
    meaning: 'User and session ids whose traffic counts for nobody else: staff, tests, scrapers.'
  }),
  insecure: yesOrNo(false, { meaning: 'Listen beyond loopback although there are no keys.' })
}

type ValuesOf<S> = {
  readonly [K in keyof S]: S[K] extends Key<infer T> ? T : ValuesOf<S[K]>
}

/** The configuration as the program uses it: same nesting as the file. */
export type Config = ValuesOf<typeof configKeys>

export interface NamedKey {
  /** With dots, as in the reference page. */
  name: string
  path: readonly string[]
  /** The environment variable over the file. */
  variable: string
  key: Key<unknown>
}

/** All keys in the order of the list. */
export const namedKeys: readonly NamedKey[] = flatten(configKeys, [])

function flatten(tree: object, path: readonly string[]): NamedKey[] {
  return Object.entries(tree).flatMap(([part, branch]) => {
    const here = [...path, part]
    if (!('isKey' in branch)) return flatten(branch, here)
    const variable = `MILLRACE_${here.join('_').replaceAll('-', '_').toUpperCase()}`
    return [{ name: here.join('.'), path: here, variable, key: branch as Key<unknown> }]
  })
}
